/** The look into the public log, as a part of the page. */
import "./main.js"; // a part shares all that the page's first script has
export { checkLog } from "./in_log.js";
