/** The caps that the page promises before consent, and hands to the engine after it. */
import type { Limits } from "../types/engine.js";

export const limits: Limits = { uploadRate: 1024 ** 2, uploadPerDay: 1024 ** 3, storage: 2 * 1024 ** 3 };
