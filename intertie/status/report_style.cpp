#include "intertie/status/report_style.h"

namespace intertie::status {

// Sites' colours (--s0 ...) keep apart for the common kinds of colour blindness; states of links and badges differ in shape
// too.
const char* const kReportStyle = R"(
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#1b2330;--soft:#5c6675;--rule:#dfe3e9;--grid:#e9ecf0;--bad:#b3261e;
--bad-soft:#fbe9e7;--good:#1a7f4b;--good-soft:#e4f4ea;--note:#7a5c00;--note-soft:#fdf3d6;--link:#7d8899;--relayed:#c98a00;
--s0:#0072b2;--s1:#d55e00;--s2:#009e73;--s3:#aa4499;--s4:#a67c00;--s5:#3ba3d9;--s6:#882255;--s7:#5f6b76}
@media (prefers-color-scheme:dark){:root{--page:#12161c;--card:#1a2029;--ink:#e6eaf0;--soft:#9aa5b4;--rule:#2f3844;--grid:#28303b;
--bad:#ff8a80;--bad-soft:#3a1f1f;--good:#6fd19b;--good-soft:#16301f;--note:#f0cf6b;--note-soft:#33290f;--link:#8b97a8;--relayed:#e0a52e;
--s0:#4aa8e8;--s1:#ff8f45;--s2:#2cc79a;--s3:#d98ccc;--s4:#dcb93f;--s5:#9ad4f5;--s6:#e57ba0;--s7:#b4bdc8}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
main{max-width:1160px;margin:0 auto;padding:28px 24px 40px}
h1{font-size:27px;line-height:1.2;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:18px;margin:0 0 12px}
p{margin:0 0 10px;max-width:78ch}
.sub,figcaption,.note,footer{color:var(--soft)}
.sub{margin-bottom:12px}
.badges{margin:0 0 20px}
.tag{display:inline-block;padding:1px 10px;margin:0 6px 4px 0;border-radius:20px;font-size:13px;border:1px solid var(--rule);background:var(--card)}
.tag.good{color:var(--good);background:var(--good-soft);border-color:transparent}
.tag.bad{color:var(--bad);background:var(--bad-soft);border-color:transparent}
.tag.mind{color:var(--note);background:var(--note-soft);border-color:transparent}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin-bottom:16px}
.tile,section{background:var(--card);border:1px solid var(--rule);border-radius:10px}
.tile{padding:12px 14px}
.tile b{display:block;font-size:22px;line-height:1.25;font-weight:650;overflow-wrap:anywhere}
.tile span{font-size:13px;color:var(--soft)}
section{padding:18px 20px;margin:0 0 16px}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:14px 28px}
figure{margin:0 0 6px;min-width:0}
figcaption{font-size:13px;margin-top:4px;max-width:90ch}
figcaption b,.key b{font-weight:600;color:var(--ink)}
.key{font-size:13px;color:var(--soft);margin:0 0 10px;max-width:none}
.swatch{display:inline-block;width:22px;height:11px;margin:0 5px 0 12px;border-radius:2px;background:var(--ink);vertical-align:-1px}
.swatch:first-child{margin-left:0}
svg{display:block;width:100%;height:auto;overflow:visible;font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
svg.defs{position:absolute;width:0;height:0}
.wide{overflow-x:auto;margin-bottom:8px}
table{border-collapse:collapse;width:100%;font-size:14px}
th{font-weight:600;font-size:12.5px;color:var(--soft);text-align:left;border-bottom:1px solid var(--rule);padding:4px 10px 6px;white-space:nowrap;vertical-align:bottom}
td{padding:5px 10px;border-bottom:1px solid var(--grid);vertical-align:top;unicode-bidi:isolate}
tr:last-child td{border-bottom:0}
th:first-child,td:first-child{padding-left:2px}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.time{font-variant-numeric:tabular-nums;white-space:nowrap;color:var(--soft)}
.hash{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:12.5px}
.site{font-weight:600;white-space:nowrap;color:var(--c)}
td.bad,.lost.bad{color:var(--bad)}
td.usual{color:var(--soft)}
.lost{font-weight:550}
.meter{width:28%;min-width:90px}
.bar{display:block;height:11px;margin-top:6px;border-radius:2px;background:var(--c);min-width:1px}
pre{margin:0;padding:12px 14px;background:var(--page);border:1px solid var(--rule);border-radius:8px;font:13px/1.45 ui-monospace,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate}
footer{font-size:13px;margin-top:20px}
.s0{--c:var(--s0)}.s1{--c:var(--s1)}.s2{--c:var(--s2)}.s3{--c:var(--s3)}.s4{--c:var(--s4)}.s5{--c:var(--s5)}.s6{--c:var(--s6)}.s7{--c:var(--s7)}.all{--c:var(--ink)}
svg text{fill:var(--ink)}
svg .tick{fill:var(--soft);font-size:11.5px;font-variant-numeric:tabular-nums}
svg .title{fill:var(--soft)}
svg .name{fill:var(--c);font-weight:600}
.grid{stroke:var(--grid)}.axis{stroke:var(--soft);stroke-opacity:.6}
.cut{stroke:var(--soft);stroke-dasharray:3 3}
.guide{stroke:var(--soft);stroke-opacity:.35;stroke-dasharray:2 3}
.line{fill:none;stroke:var(--c);stroke-width:1.7;stroke-linejoin:round}
.again .line{stroke-dasharray:6 3}
.line.thin{stroke-width:1;stroke-dasharray:3 3}
.dot{fill:var(--c);stroke:var(--card);stroke-width:1}
.computing,.encoding,.waiting{fill:var(--c);shape-rendering:crispEdges}
.swatch.computing{opacity:.9}.swatch.encoding{opacity:.5}.swatch.waiting{opacity:.2}.swatch.rest{background:none;border:1px solid var(--soft)}
svg .computing{fill-opacity:.9}svg .encoding{fill-opacity:.5}svg .waiting{fill-opacity:.2}
.member{fill:var(--c)}.starting,.outside{fill:var(--c);fill-opacity:.18;stroke:var(--c);stroke-opacity:.7}
.starting{stroke-dasharray:2 2}
.away{stroke:var(--soft);stroke-dasharray:1 4;stroke-linecap:round}
.direct{fill:var(--link)}.relayed{fill:url(#stripes);stroke:var(--relayed)}.cutoff{fill:var(--bad)}
.stripe{stroke:var(--relayed);stroke-width:3}
.merge{fill:var(--card);fill-opacity:.75}.checkpoint{fill:var(--card);stroke:var(--ink);stroke-width:.6}
.badge{fill:var(--card);stroke:var(--soft)}.badge.bad{fill:var(--bad);stroke:var(--bad)}
svg .number{font-size:11px;font-weight:600}.badge.bad+.number{fill:var(--card)}
.narrow{display:none}
@media (max-width:700px){main{padding:16px 12px}section{padding:14px 12px}.tile b{font-size:19px}.tiles{grid-template-columns:1fr 1fr}
.broad{display:none}.narrow{display:block}h1{font-size:23px}.extra{display:none}td,th{padding-left:6px;padding-right:6px}
.charts svg .tick,.charts svg text{font-size:14px}}
@media print{:root{--page:#fff;--card:#fff;--ink:#000;--soft:#444;--rule:#bbb;--grid:#ddd;--bad:#b3261e;--bad-soft:#fff;--good:#1a7f4b;--good-soft:#fff;
--note:#7a5c00;--note-soft:#fff;--link:#7d8899;--relayed:#c98a00;--s0:#0072b2;--s1:#d55e00;--s2:#009e73;--s3:#aa4499;--s4:#a67c00;--s5:#3ba3d9;--s6:#882255;--s7:#5f6b76}
@page{margin:14mm}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
body{font-size:11px}main{max-width:none;padding:0}section,.tile{border-radius:0}section{border:0;border-top:1px solid var(--rule);padding:10px 0}
.tag{border-color:var(--rule)!important}.broad{display:block}.narrow{display:none}
.charts{grid-template-columns:1fr 1fr;gap:10px 18px}.tiles{grid-template-columns:repeat(6,1fr);gap:6px}.tile{padding:6px 8px}.tile b{font-size:14px}
.tile span,figcaption,.key,th{font-size:9.5px}table{font-size:10px}pre{font-size:9.5px}td,th{padding:3px 6px}.hash{font-size:9px}
figure,tr,.tile,.keep{break-inside:avoid}h2,.key{break-after:avoid}.wide{overflow:visible}svg .tick{font-size:11.5px}}
)";

}  // namespace intertie::status
