// Renders formulas in KaTeX's strict mode and says which it refuses.
// node katex_check.cjs KATEX < [[where, tex, display], …]
"use strict";
const katex = require(process.argv[2]);
const formulas = JSON.parse(require("fs").readFileSync(0, "utf8"));
const wrong = [];
for (const [where, tex, display] of formulas) {
  try {
    katex.renderToString(tex, {
      displayMode: display,
      strict: "error",
      throwOnError: true,
      trust: false,
      macros: { "\\derivchange": "{#1}", "\\derivprobe": "" },
    });
  } catch (error) {
    wrong.push([where, tex, String(error.message)]);
  }
}
console.log(JSON.stringify({ rendered: formulas.length - wrong.length, wrong }));
