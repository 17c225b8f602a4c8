// Opens a page in headless Chromium and tells what it did, as JSON.
// node browser.cjs CHROMIUM PAGE FOLDER
"use strict";
const { chromium } = require("playwright-core");
const [, , executablePath, file, folder] = process.argv;

(async () => {
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  const said = { console: [], requests: [] };
  const open = async (width, height, colorScheme, script = true) => {
    const context = await browser.newContext({
      viewport: { width, height }, colorScheme, javaScriptEnabled: script,
    });
    const page = await context.newPage();
    page.on("console", (m) => said.console.push(`${m.type()}: ${m.text()}`));
    page.on("pageerror", (e) => said.console.push(`error: ${e.message}`));
    page.on("dialog", (d) => { said.console.push(`dialog: ${d.message()}`); d.dismiss(); });
    page.on("request", (r) => {
      if (r.url() !== `file://${file}` && !r.url().startsWith("data:")) said.requests.push(r.url());
    });
    await page.goto(`file://${file}`);
    return page;
  };
  const here = (page) => page.evaluate(() => {
    const step = document.querySelector(".step.here");
    const change = step && step.querySelector(":scope > .formula .katex .change");
    return {
      id: step && step.id,
      focused: document.activeElement === step,
      hash: location.hash,
      place: document.querySelector(".place").textContent,
      opacity: step && getComputedStyle(step).opacity,
      why: step && (step.querySelector(":scope > .why") || {}).innerText,
      beside: step && step.querySelector(":scope > .why") &&
        step.querySelector(":scope > .why").getBoundingClientRect().left >
          step.querySelector(":scope > .formula").getBoundingClientRect().left + 100,
      change: change && getComputedStyle(change).backgroundColor,
    };
  });

  const wide = await open(1280, 900, "light");
  await wide.waitForTimeout(300);
  said.title = await wide.title();
  said.unset = await wide.evaluate(() =>
    Array.from(document.querySelectorAll(".math:not(.set)")).filter((b) => b.clientWidth).length);
  said.mathml = await wide.evaluate(() =>
    Array.from(document.querySelectorAll(".math")).every((b) => b.querySelector("math")));
  said.headings = await wide.evaluate(() =>
    Array.from(document.querySelectorAll("h1,h2,h3")).map((h) => h.tagName));
  said.light = await wide.evaluate(() => getComputedStyle(document.body).backgroundColor);
  said.walk = [];
  for (const key of ["ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft"]) {
    await wide.keyboard.press(key);
    said.walk.push(await here(wide));
  }
  await wide.keyboard.press("ArrowRight");
  await wide.waitForTimeout(400);
  await wide.screenshot({ path: `${folder}/page-1280.png` });
  await wide.click('[data-do="substeps"]');
  await wide.waitForTimeout(150);
  said.open = await wide.evaluate(() => document.querySelectorAll(".proof details[open]").length);
  said.opened = (await here(wide)).place;
  await wide.keyboard.press("Escape");
  said.left = (await here(wide)).id;
  await wide.click('[data-do="theme"]');
  said.toggled = await wide.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await wide.evaluate(() => { window.copied = null; navigator.clipboard.writeText = async (t) => { window.copied = t; }; });
  await wide.evaluate(() => document.querySelector("#step-5 .copy, .step .copy").click());
  said.copied = await wide.evaluate(() => window.copied);
  said.overflow = await wide.evaluate(() => document.documentElement.scrollWidth > innerWidth);

  const narrow = await open(390, 844, "dark");
  await narrow.waitForTimeout(300);
  said.dark = await narrow.evaluate(() => getComputedStyle(document.body).backgroundColor);
  said.narrowOverflow = await narrow.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  await narrow.screenshot({ path: `${folder}/page-390.png`, fullPage: true });
  const linked = await open(390, 844, "light");
  await linked.goto(`file://${file}#step-2.2`);
  await linked.reload();
  await linked.waitForTimeout(200);
  said.linked = (await here(linked)).id;

  const silent = await open(1280, 900, "light", false);
  said.withoutScript = await silent.locator("math").first().isVisible();
  await wide.emulateMedia({ media: "print" });
  said.print = await wide.evaluate(() => getComputedStyle(document.querySelector(".bar")).display);
  await browser.close();
  console.log(JSON.stringify(said));
})().catch((error) => { console.error(error); process.exit(1); });
