"""How the page looks: by day and by night, on a phone and on a wide screen."""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--page:#fff;--card:#f7f8fa;--ink:#1c2330;--faint:#667085;--rule:#dfe3ea;
--ours:#d1480b;--last:#8a94a6;--one:#0b6fb8;--two:#14865f;--three:#9b3f8f;--four:#a77b00;--five:#3c4a9e;--six:#6b7280;
--seven:#b23a5c;--eight:#567a1c}
@media(prefers-color-scheme:dark){:root{--page:#11151c;--card:#191f29;--ink:#e6eaf1;--faint:#9aa5b8;--rule:#2c3543;
--ours:#ff8a4c;--last:#7d889b;--one:#5ab4f2;--two:#4cc79a;--three:#dd8fd2;--four:#e3bd4f;--five:#9aa6ff;--six:#aab4c4;
--seven:#ff93ad;--eight:#a9d06a}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:72rem;background:var(--page);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.25;margin:.5rem 0}h2{font-size:1.15rem;margin:2rem 0 .5rem}
p{margin:.4rem 0}small,.faint{color:var(--faint);font-size:.85rem}
.verdict{font-size:1.1rem}
.charts{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr))}
.charts .wide{grid-column:1/-1}
figure{margin:0;padding:.8rem .9rem .5rem;background:var(--card);border-radius:10px;min-width:0}
figcaption{line-height:1.3}
figure ul{display:flex;flex-wrap:wrap;gap:.1rem .9rem;list-style:none;margin:.35rem 0 0;padding:0;font-size:.8rem}
figure li::before{content:"";display:inline-block;width:1.1em;height:3px;margin-right:.4em;vertical-align:middle;
border-radius:2px;background:var(--colour)}
figure li.band::before{height:.8em;opacity:.3}
.plot{position:relative;height:13rem;margin:.9rem .2rem 1.6rem 3.4rem}
.wide .plot{height:16rem}
svg{position:absolute;inset:0;width:100%;height:100%;overflow:hidden}
path{vector-effect:non-scaling-stroke}
.line{fill:none;stroke:var(--colour);stroke-width:1.6;stroke-linejoin:round}
.area{fill:var(--colour);stroke:none}.band{fill-opacity:.18}
.grid{stroke:var(--rule);stroke-width:1;fill:none}
.truth{--colour:var(--ink)}.ours{--colour:var(--ours)}.last{--colour:var(--last)}.one{--colour:var(--one)}
.two{--colour:var(--two)}.three{--colour:var(--three)}.four{--colour:var(--four)}.five{--colour:var(--five)}.six{--colour:var(--six)}
.seven{--colour:var(--seven)}.eight{--colour:var(--eight)}
.line.thin{stroke-width:1}.line.strong{stroke-width:2.2}.line.dashed{stroke-dasharray:5 4}
.plot span{position:absolute;font-size:.72rem;line-height:1;color:var(--faint);white-space:nowrap;
font-variant-numeric:tabular-nums}
.plot .y{right:100%;margin-right:.5rem;transform:translateY(50%)}
.plot .x{top:100%;margin-top:.5rem;transform:translateX(-50%)}
.plot .x.first{transform:none}.plot .x.last{transform:translateX(-100%)}
.scroll{overflow-x:auto;margin:.5rem 0;border-radius:10px;background:var(--card)}
table{border-collapse:collapse;font-size:.85rem;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .7rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--rule)}
th{color:var(--faint);font-weight:500}th:first-child,td:first-child{text-align:left;position:sticky;left:0;background:var(--card)}
tr:last-child td{border-bottom:0}tr.us td{color:var(--ours);font-weight:600}td.best{font-weight:700}
td.best::after{content:" \\2713"}
details{margin:1rem 0}summary{cursor:pointer;font-weight:600;padding:.3rem 0}
dl{display:grid;grid-template-columns:minmax(7rem,max-content) 1fr;gap:.15rem 1rem;font-size:.85rem;margin:.5rem 0}
dt{color:var(--faint)}dd{margin:0}
"""
