// The look of pages: that of all pictures, and what a page needs besides.

import { FONTS, MONOSPACE, themeRules, variable } from "../draw/theme.js";

const colour = (role: Parameters<typeof variable>[0]): string => `var(${variable(role)})`;

/** Rules that all pages have. */
export const PAGE_STYLE = `${themeRules(":root", "auto")}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:${colour("page")};color:${colour("ink")};font:15px/1.5 ${FONTS}}
h1{font-size:26px;line-height:1.25;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:19px;line-height:1.3;margin:0 0 12px}
h3{font-size:15px;margin:20px 0 8px}
p{margin:0 0 12px}
[hidden]{display:none!important}
.soft{color:${colour("soft")}}
code,.mono{font-family:${MONOSPACE};font-size:.92em;overflow-wrap:anywhere}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:5px 14px 5px 0;text-align:left;vertical-align:top;border-bottom:1px solid ${colour("grid")}}
th{font-weight:600}
thead th{color:${colour("soft")};font-weight:500;vertical-align:bottom}
td.number,th.number{text-align:right;white-space:nowrap}
th code{white-space:nowrap}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.scroll+p{margin-top:8px}
a{color:${colour("positive")}}
:focus-visible{outline:2px solid ${colour("positive")};outline-offset:2px}
`;

/** Rules of reports. */
export const REPORT_STYLE = `${PAGE_STYLE}
header,main,footer{max-width:1120px;margin:0 auto;padding:0 20px}
header{padding-top:32px;padding-bottom:8px}
footer{padding-top:8px;padding-bottom:32px;color:${colour("soft")};font-size:13px}
main>section{border-top:1px solid ${colour("grid")};padding:24px 0 20px}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:12px;margin:20px 0 8px;padding:0}
.figures div{background:${colour("group")};border-radius:8px;padding:12px 14px}
.figures dt{color:${colour("soft")};font-size:13px}
.figures dd{margin:2px 0 0;font-size:20px;font-weight:600;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.error{border-left:4px solid ${colour("negative")};background:${colour("group")};border-radius:4px;padding:10px 14px;overflow-wrap:anywhere}
.scroll{overflow-x:auto;max-width:100%;position:relative}
.scroll:focus-visible{outline-offset:-2px}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:8px 40px}
.columns>*{min-width:0}
.diagram svg{display:block;margin:0 auto;max-width:max(100%,760px)!important}
.narrow{display:none}
.bar{display:block;height:10px;min-width:1px;border-radius:2px;background:${colour("series1")}}
td.wide,th.wide{width:220px;min-width:80px;padding-right:0}
td.wide{vertical-align:middle}
caption{text-align:left;padding-bottom:6px;white-space:nowrap}
.matrix td,.matrix th{padding:6px 10px;border:1px solid ${colour("grid")};text-align:right}
.matrix thead th{text-align:right}
.matrix tbody th{text-align:left;font-weight:500}
.matrix td.right{font-weight:700}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:12px;list-style:none;margin:0;padding:0}
.cards li{background:${colour("group")};border-radius:8px;padding:12px;font-size:13px;break-inside:avoid}
.cards img{display:block;width:100%;height:auto;image-rendering:pixelated;border-radius:4px;margin-bottom:8px;background:${colour("page")}}
.cards dl{display:grid;grid-template-columns:auto 1fr;gap:0 10px;margin:0}
.cards dt{color:${colour("soft")}}
.cards dd{margin:0;text-align:right;overflow-wrap:anywhere}
@media (max-width:699px){.narrow{display:block}.broad{display:none}header,main,footer{padding-left:14px;padding-right:14px}h1{font-size:22px}.cards{grid-template-columns:repeat(auto-fill,minmax(130px,1fr))}}
@media print{body{font-size:11pt}main>section{break-inside:auto}h2,h3{break-after:avoid}figure,svg,tr,.figures{break-inside:avoid}.scroll{overflow:visible}.narrow{display:none}.broad{display:block}}
`;
