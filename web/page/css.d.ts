/** esbuild takes it for the page's stylesheet. */
declare module "*.css";
