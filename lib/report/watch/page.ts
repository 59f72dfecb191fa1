import { type Role, variable } from "../../draw/theme.js";
import { html, raw } from "../html.js";
import { MOST_RATE } from "../run-events.js";
import { PAGE_STYLE } from "../style.js";
import { clientScript } from "./client-script.js";

const colour = (role: Role): string => `var(${variable(role)})`;

const SERIES = [1, 2, 3, 4, 5, 6, 7, 8] as const;

const STYLE = `${PAGE_STYLE}
header{padding:20px 20px 12px;display:flex;flex-wrap:wrap;gap:4px 20px;align-items:baseline}
header p{margin:0}
main{display:grid;grid-template-columns:330px minmax(0,1fr);gap:20px;padding:0 20px 32px;align-items:start}
main>*{min-width:0}
.panel{background:${colour("group")};border-radius:8px;padding:14px}
.tools{display:flex;flex-wrap:wrap;gap:8px 24px;align-items:center;margin-bottom:14px}
.tools label{display:inline-flex;gap:8px;align-items:center}
.tools input[type=range]{width:130px}
input,button,select{font:inherit;color:inherit}
input[type=number],input[type=text],select{background:${colour("page")};border:1px solid ${colour("groupLine")};border-radius:6px;padding:3px 8px;min-width:0}
button{background:${colour("page")};border:1px solid ${colour("groupLine")};border-radius:6px;padding:3px 12px;cursor:pointer}
button:hover{border-color:${colour("ink")}}
button.stop{color:${colour("costLine")};border-color:${colour("costLine")}}
input{accent-color:${colour("positive")}}
#runs{list-style:none;margin:0;padding:0;display:grid;gap:10px}
#runs li{background:${colour("group")};border-radius:8px;padding:12px 14px;border-left:4px solid var(--own)}
#runs li.off{border-left-color:${colour("grid")}}
.name{display:flex;gap:8px;align-items:flex-start;font-weight:600;overflow-wrap:anywhere}
.name input{margin-top:5px;flex:none}
.facts{display:grid;grid-template-columns:auto 1fr;gap:0 12px;margin:6px 0 0;font-size:13px}
.facts dt{color:${colour("soft")}}
.facts dd{margin:0;text-align:right;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
progress{width:100%;height:6px;margin:8px 0 0;accent-color:var(--own);display:block}
.asks{display:flex;flex-wrap:wrap;gap:8px;align-items:center;margin-top:10px;font-size:14px}
.asks form{display:flex;gap:6px;align-items:center;flex-wrap:wrap}
.asks input{width:96px}
.told{font-size:13px;margin:6px 0 0;overflow-wrap:anywhere}
.bad{color:${colour("costLine")}}
#charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:16px}
figure{margin:0;min-width:0}
.chart{background:${colour("group")};border-radius:8px;padding:12px 14px}
.chart figcaption{font-weight:600;display:flex;flex-wrap:wrap;gap:2px 12px;align-items:baseline}
.chart figcaption span{font-weight:400;font-size:13px;color:${colour("soft")};font-variant-numeric:tabular-nums}
.chart svg{display:block;width:100%;height:220px;touch-action:pan-y}
.chart text{fill:${colour("soft")};font-size:12px;font-variant-numeric:tabular-nums}
.chart .grid{stroke:${colour("grid")};stroke-width:1}
.chart .cursor{stroke:${colour("line")};stroke-width:1;stroke-dasharray:3 3}
.chart path{fill:none;stroke-width:1.75;stroke-linejoin:round}
.chart path.raw{stroke-width:1;opacity:.3}
.chart path.band{stroke:none;opacity:.15}
.chart path.dashed{stroke-dasharray:5 3}
${SERIES.map((n) => `.s${n}{--own:${colour(`series${n}`)}}`).join("\n")}
.chart path{stroke:var(--own)}
.chart path.band{fill:var(--own)}
.chart circle{fill:var(--own)}
.read{font-size:13px;min-height:1.5em;margin:4px 0 0;display:flex;flex-wrap:wrap;gap:0 14px;font-variant-numeric:tabular-nums}
.read b{font-weight:600}
.read i{display:inline-block;width:10px;height:10px;border-radius:5px;background:var(--own);margin-right:5px}
section{margin-top:24px}
.diagram{overflow-x:auto;background:${colour("page")};border-radius:8px;margin-bottom:14px}
.diagram img{display:block;max-width:max(100%,760px);margin:0 auto}
#layers{width:100%}
#layers td.wide{width:50%;vertical-align:middle}
.bar{display:block;height:10px;min-width:1px;border-radius:2px;background:${colour("gradient")}}
.scroll{overflow-x:auto;position:relative}
#options td{overflow-wrap:anywhere;min-width:120px;font-size:14px}
.differs td,.differs th{background:${colour("observed")}}
@media (max-width:899px){main{grid-template-columns:minmax(0,1fr);padding:0 14px 24px}header{padding:16px 14px 10px}}
@media (prefers-reduced-motion:no-preference){.bar{transition:width .2s}}
`;

/** The page of `thalweg watch`. What runs have written comes later, and is put in as text alone. */
export function pageOf(folder: string, nonce: string): string {
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${folder} · thalweg watch</title>
<link rel="icon" href="data:,">
<style nonce="${nonce}">
${raw(STYLE)}</style>
</head>
<body data-most-rate="${MOST_RATE}">
<header>
<h1>Runs in ${folder}</h1>
<p class="soft" id="state" role="status">Connecting …</p>
</header>
<main>
<aside aria-label="Runs">
<h2 class="hidden">Runs</h2>
<ul id="runs"></ul>
<p class="soft" id="left-out" role="status"></p>
<p class="soft" id="none">There are no runs yet. <code>fit(model, { …, watch: "${folder}" })</code> makes one.</p>
</aside>
<div>
<div class="panel tools">
<label for="smoothing">Smoothing <input type="range" id="smoothing" min="0" max="0.99" step="0.01" value="0"> <output id="smoothed" for="smoothing">0</output></label>
<label for="log"><input type="checkbox" id="log"> Logarithmic scale</label>
</div>
<div id="charts"></div>
<section aria-labelledby="model-title">
<h2 id="model-title">The model</h2>
<p><label for="chosen">of the run</label> <select id="chosen"></select></p>
<div class="diagram" id="diagram" tabindex="0" role="region" aria-label="The model's diagram"></div>
<div class="scroll" role="region" aria-label="Gradients of the layers" tabindex="0">
<table id="layers"><thead><tr><th scope="col">layer</th><th scope="col">module</th><th scope="col" class="number">parameters</th><th scope="col" class="number">norm of the gradient</th><th scope="col"><span class="hidden">as a bar, on a logarithmic scale</span></th></tr></thead><tbody></tbody></table></div>
</section>
<section aria-labelledby="options-title">
<h2 id="options-title">Options side by side</h2>
<div class="scroll" role="region" aria-label="Options of the runs" tabindex="0"><table id="options"><thead></thead><tbody></tbody></table></div>
</section>
</div>
</main>
<script nonce="${nonce}">
${raw(`${clientScript}</script>`)}
</body>
</html>
`);
}
