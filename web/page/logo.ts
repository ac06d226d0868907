/** The mark: seeds opened like a fan. */
import { svg, html, type TemplateResult } from "lit/html.js";

const angles = [-70, -35, 0, 35, 70];

export const logo: TemplateResult = html`<svg class="logo" viewBox="0 0 32 24" aria-hidden="true">
  ${angles.map((angle) => svg`<path transform="rotate(${angle} 16 22)" d="M16 17.5c-2.6-3.6-3.2-8.4 0-16 3.2 7.6 2.6 12.4 0 16z"></path>`)}
</svg>`;
