"use strict";
(function () {
  const $ = (selector, root) => Array.from((root || document).querySelectorAll(selector));
  const root = document.documentElement;
  const bar = document.querySelector(".bar");
  const place = bar.querySelector(".place");
  const heard = document.querySelector(".heard");

  // -- formulas: KaTeX for the eye, the MathML that is there already for the ear
  function set(box, tex, display) {
    const seen = document.createElement("span");
    const heardToo = !box.querySelector("math:not(.seen math)"); // a very large page has none yet
    if (!heardToo) seen.setAttribute("aria-hidden", "true");
    try {
      katex.render(tex, seen, {
        displayMode: display,
        output: heardToo ? "htmlAndMathml" : "html",
        macros: { "\\derivchange": "\\htmlClass{change}{#1}" },
        strict: (code) => (code === "htmlExtension" ? "ignore" : "error"),
        trust: (context) => context.command === "\\htmlClass" && context.class === "change",
      });
    } catch (error) {
      return; // the MathML stays
    }
    if (heardToo) box.textContent = "";
    else $(".seen", box).forEach((old) => old.remove());
    seen.className = "seen";
    box.classList.add("set");
    box.append(seen);
  }

  // how wide the left side is under which a formula goes on
  const widths = new Map();
  function widthOf(tex, box) {
    if (!widths.has(tex)) {
      const probe = document.createElement("div");
      probe.className = "probe";
      box.parentElement.append(probe);
      set(probe, tex, true);
      const drawn = probe.querySelector(".katex-html");
      widths.set(tex, drawn ? drawn.getBoundingClientRect().width : 0);
      probe.remove();
    }
    return widths.get(tex);
  }

  // the widest setting that fits; without room the equals signs need not stand under each other
  function fit(box) {
    if (!box.clientWidth) return;
    const data = box.dataset;
    const tries = [[data.under, data.tex], ["", data.tex], ["", data.tex1], ["", data.tex2]];
    for (const [under, tex] of tries) {
      if (!tex || under === undefined) continue;
      set(box, tex, true);
      const seen = box.querySelector(".seen");
      if (!seen) return;
      seen.style.paddingLeft = under ? widthOf(under, box) + "px" : "";
      if (box.scrollWidth <= box.clientWidth + 1) break;
    }
    if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0; // scrolled by the keyboard
    else box.removeAttribute("tabindex");
  }

  $(".math").forEach((box) => (box.dataset.tex = box.dataset.tex || box.textContent));
  const displays = $(".formula > .math");
  let width = 0;
  function fitAll() {
    if (window.innerWidth === width) return;
    width = window.innerWidth;
    widths.clear();
    displays.forEach(fit);
  }
  $(".math:not(.formula > .math)").forEach((box) => set(box, box.dataset.tex, false));
  fitAll();
  window.addEventListener("resize", fitAll);
  document.fonts.ready.then(() => {
    widths.clear();
    displays.forEach(fit);
  });
  $("details").forEach((box) =>
    box.addEventListener("toggle", () => {
      $(".formula > .math", box).forEach(fit);
      tellSubsteps();
    })
  );

  // -- copy a formula, without what marks the change
  const MARK = "\\derivchange{";
  function copy(text) {
    if (navigator.clipboard && window.isSecureContext) {
      return navigator.clipboard.writeText(text).catch(() => copyOld(text));
    }
    return copyOld(text);
  }
  function unmarked(tex) {
    for (let at; (at = tex.indexOf(MARK)) >= 0; ) {
      let end = at + MARK.length;
      for (let open = 1; open; end++) {
        if (tex[end] === "\\") end++;
        else open += (tex[end] === "{") - (tex[end] === "}");
      }
      tex = tex.slice(0, at) + "{" + tex.slice(at + MARK.length, end) + tex.slice(end);
    }
    return tex;
  }
  function copyOld(text) {
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done ? Promise.resolve() : Promise.reject();
  }
  displays.forEach((box) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy LaTeX";
    box.after(button);
    button.addEventListener("click", () => {
      const data = box.dataset;
      const say = (text) => {
        button.textContent = heard.textContent = text;
        setTimeout(() => (button.textContent = "Copy LaTeX"), 1500);
      };
      copy(unmarked(data.tex)).then(() => say("Copied"), () => say("Not copied"));
    });
  });

  // -- walking through the steps
  $(".step").forEach((step) => (step.tabIndex = -1));
  $("a.number").forEach((link) => (link.title = "Link to step " + link.textContent));
  const steps = () => $(".proof .step").filter((step) => !step.closest("details:not([open])"));
  let here = null;
  function go(step, quiet) {
    if (here) here.classList.remove("here");
    $(".outline a.here").forEach((link) => link.classList.remove("here"));
    here = step;
    root.classList.toggle("walking", Boolean(step));
    const all = steps();
    if (!step) {
      place.textContent = all.length + " steps";
      return;
    }
    step.classList.add("here");
    const link = document.querySelector('.outline a[href="#' + CSS.escape(step.id) + '"]');
    if (link) link.classList.add("here");
    place.textContent = all.indexOf(step) + 1 + " of " + all.length;
    if (quiet) return;
    step.focus({ preventScroll: true });
    step.scrollIntoView({ block: step.clientHeight > window.innerHeight * 0.7 ? "start" : "center" });
    history.replaceState(null, "", "#" + step.id);
  }
  function move(by) {
    const all = steps();
    const at = here ? all.indexOf(here) : -1;
    const next = here ? Math.min(Math.max(at + by, 0), all.length - 1) : by > 0 ? 0 : all.length - 1;
    if (all[next]) go(all[next]);
  }
  function goToHash() {
    const step = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!step || !step.classList.contains("step")) return;
    for (let up = step.closest("details"); up; up = up.parentElement.closest("details")) up.open = true;
    go(step);
  }
  window.addEventListener("hashchange", goToHash);

  // -- the bar
  const substeps = bar.querySelector('[data-do="substeps"]');
  const folds = $(".proof details");
  substeps.hidden = !folds.length;
  function tellSubsteps() {
    substeps.setAttribute("aria-expanded", String(folds.some((fold) => fold.open)));
    if (!here || here.closest("details:not([open])")) go(null);
    else go(here, true);
  }
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const theme = bar.querySelector('[data-do="theme"]');
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const tellTheme = () => (theme.textContent = isDark() ? "Light" : "Dark");
  dark.addEventListener("change", tellTheme);
  const does = {
    back: () => move(-1),
    on: () => move(1),
    substeps: () => {
      const open = !folds.some((fold) => fold.open);
      folds.forEach((fold) => (fold.open = open));
    },
    theme: () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      tellTheme();
    },
  };
  bar.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) does[button.dataset.do]();
  });
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const scrolled = event.target.closest && event.target.closest(".formula > .math[tabindex], pre");
    if (event.key === "Escape") go(null);
    else if (event.key === "ArrowRight" && !scrolled) move(1);
    else if (event.key === "ArrowLeft" && !scrolled) move(-1);
    else return;
    event.preventDefault();
  });

  // -- paper shows everything
  let shut = [];
  window.addEventListener("beforeprint", () => {
    shut = $("details:not([open])");
    shut.forEach((fold) => (fold.open = true));
    displays.forEach(fit);
  });
  window.addEventListener("afterprint", () => shut.forEach((fold) => (fold.open = false)));

  const narrow = window.matchMedia("(max-width: 90rem)");
  const outline = $(".outline > details");
  const tellOutline = () => outline.forEach((box) => (box.open = !narrow.matches));
  narrow.addEventListener("change", tellOutline);
  tellOutline();
  tellTheme();
  bar.hidden = false;
  go(null);
  goToHash();
})();
