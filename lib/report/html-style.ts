/**
 * The page's whole style: system fonts, light and dark after the reader's setting, prints well. Colours keep a contrast
 * of 4.5:1 for text.
 */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark; --text: #1a1d21; --quiet: #5a6270; --page: #ffffff; --line: #d5d9df; --dots: #1f5fbf;
  --good: #1a6b36; --bad: #b3261e; --band: #e9a94055; --stage: #3b7dd8;
}
@media (prefers-color-scheme: dark) { :root {
  --text: #e6e8eb; --quiet: #a2abb8; --page: #15181c; --line: #3a414b; --dots: #7fb2ff; --good: #63c584;
  --bad: #ff8a80; --band: #e9a94040; --stage: #5b97e6;
} }
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem; max-width: 66rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif;
}
h1 { font-size: 1.6rem; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
.outcome { font-weight: 600; } .good { color: var(--good); } .bad { color: var(--bad); } .quiet { color: var(--quiet); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 1rem 0; }
dt { color: var(--quiet); }
dd { margin: 0; }
.wide, figure { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--quiet); }
th, td { padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; }
.number { text-align: right; }
figure { margin: .5rem 0 1rem; }
figcaption { color: var(--quiet); font-size: .9rem; }
svg { display: block; width: 100%; min-width: 40rem; height: auto; }
svg text { fill: var(--quiet); font: 12px system-ui, sans-serif; } svg .name { fill: var(--text); font-size: 13px; }
.grid { stroke: var(--line); fill: none; }
.frame { stroke: var(--quiet); fill: none; }
.pause { fill: var(--band); }
.stage { fill: var(--stage); }
.strip { fill: var(--stage); opacity: .45; }
.dots { stroke: var(--dots); stroke-width: 3; stroke-linecap: round; fill: none; }
.lost { stroke: var(--bad); stroke-width: 1.5; fill: none; }
.mark { stroke: var(--quiet); stroke-dasharray: 4 3; fill: none; }
.mark.converged { stroke: var(--good); stroke-dasharray: 1 3; stroke-width: 1.5; }
summary { cursor: pointer; }
pre { overflow-x: auto; font: .85rem/1.5 ui-monospace, monospace; }
footer { margin-top: 2rem; color: var(--quiet); font-size: .9rem; }
@media print { svg { min-width: 0; } body { max-width: none; padding: 0; } figure, table { break-inside: avoid; } }
`;
