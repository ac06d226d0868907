/** What the page's tests serve in place of /engine.js. */
export { connect } from "../engine/fake";
