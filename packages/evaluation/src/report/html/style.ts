/** The page's whole style: no font, picture or script comes from anywhere. */
export const STYLE = `
:root { color-scheme: light dark; --ground: #fbfbf9; --card: #fff; --ink: #1c2321; --soft: #5b6562; --line: #d9dedb;
  --good: #16703c; --bad: #b3261e; --none: #8a6100;
  --e0: #ffe08a; --e1: #bfe3ff; --e2: #f6c6e0; --e3: #c9efc2; --e4: #e2d4ff; --e5: #ffd3b8; }
@media (prefers-color-scheme: dark) { :root { --ground: #14181a; --card: #1c2225; --ink: #e6eae8; --soft: #9aa5a1;
  --line: #343c40; --good: #6fd397; --bad: #ff8f86; --none: #e6b94f;
  --e0: #5f4c00; --e1: #0e4668; --e2: #652347; --e3: #1f5427; --e4: #45307a; --e5: #6b3413; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 76rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0.5rem 0; } h2 { font-size: 1.2rem; margin: 2rem 0 0.5rem; }
h3 { font-size: 1rem; margin: 0; } p { margin: 0.4rem 0; }
.soft { color: var(--soft); font-size: 0.875rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.25rem 1rem 0.25rem 0; border-bottom: 1px solid var(--line); vertical-align: top;
  overflow-wrap: normal; }
thead th { color: var(--soft); font-weight: 600; }
td.n, th.n { text-align: right; white-space: nowrap; } td small { display: block; color: var(--soft); }
tbody th { font-weight: 500; white-space: pre; }
.question { background: var(--card); border: 1px solid var(--line); border-radius: 0.5rem; padding: 1rem; margin: 1rem 0; }
.head { display: flex; flex-wrap: wrap; gap: 0.25rem 0.75rem; align-items: baseline; }
.text { white-space: pre-wrap; margin: 0.5rem 0; }
ol.options { list-style: none; margin: 0.5rem 0; padding: 0; } .options .gold { font-weight: 700; }
.sides { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); }
.side { min-width: 0; } .answer { border-top: 1px solid var(--line); padding-top: 0.5rem; margin-top: 0.5rem; }
.chip { font-weight: 600; } .right { color: var(--good); } .wrong { color: var(--bad); } .invalid { color: var(--none); }
details > summary { cursor: pointer; color: var(--soft); }
mark { color: inherit; border-radius: 0.15rem; }
.e0 { background: var(--e0); } .e1 { background: var(--e1); } .e2 { background: var(--e2); }
.e3 { background: var(--e3); } .e4 { background: var(--e4); } .e5 { background: var(--e5); }
table.grade { font-size: 0.875rem; margin-top: 0.5rem; } table.grade td { padding-right: 0.6rem; }
.key { padding: 0 0.3rem; border-radius: 0.15rem; white-space: nowrap; }
fieldset { border: 0; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; }
legend { float: left; margin-right: 1rem; color: var(--soft); }
body:has(#only-wrong:checked) .question:not(.is-wrong), body:has(#only-won:checked) .question:not(.is-won),
body:has(#only-lost:checked) .question:not(.is-lost) { display: none; }
`;
