/** The proof that a record is in the public log, as a part of the page. */
import "./main.js"; // a part shares all that the page's first script has
export { prove } from "./proof.js";
