// A second checker of certificates, written from notes/certificate.md alone.
//     node tests/second_checker.mjs FILE.json [FILE.json ...]
// prints, for each file, `proved`, `refused: step ...: why` or `no certificate: why`; exit status 0 if all are proved.
import {createHash, randomBytes} from 'node:crypto';
import {readFileSync} from 'node:fs';

class Refused extends Error {}
class Malformed extends Error {}
const refuse = why => { throw new Refused(why); };
const malformed = why => { throw new Malformed(why); };

// ---------------------------------------------------------------- JSON without double keys, whole numbers only
function readJson(text) {
  if (text.length > 32 * 1024 * 1024) malformed('too long');
  let at = 0, depth = 0;
  const space = () => { while (at < text.length && ' \t\n\r'.includes(text[at])) at++; };
  const value = () => {
    space();
    const c = text[at];
    if (++depth > 200) malformed('nested too deeply');
    let out;
    if (c === '{') {
      out = new Map(); at++; space();
      if (text[at] === '}') at++;
      else for (;;) {
        space();
        if (text[at] !== '"') malformed('JSON: a key was expected');
        const key = string(); space();
        if (text[at++] !== ':') malformed('JSON: a colon was expected');
        if (out.has(key)) malformed(`the key ${key} stands twice`);
        out.set(key, value()); space();
        const n = text[at++];
        if (n === '}') break;
        if (n !== ',') malformed('JSON: a comma was expected');
      }
      out = Object.assign(Object.create(null), Object.fromEntries(out));
    } else if (c === '[') {
      out = []; at++; space();
      if (text[at] === ']') at++;
      else for (;;) {
        out.push(value()); space();
        const n = text[at++];
        if (n === ']') break;
        if (n !== ',') malformed('JSON: a comma was expected');
      }
    } else if (c === '"') out = string();
    else {
      const m = /^(?:true|false|null|-?(?:0|[1-9][0-9]*)(?![0-9.eE]))/.exec(text.slice(at, at + 40));
      if (!m) malformed('JSON: not a value (numbers are whole)');
      at += m[0].length;
      if (m[0] === 'true') out = true;
      else if (m[0] === 'false') out = false;
      else if (m[0] === 'null') out = null;
      else { if (m[0].replace('-', '').length > 18) malformed('a number is too long'); out = BigInt(m[0]); }
    }
    depth--;
    return out;
  };
  const string = () => {
    let end = at + 1;
    while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
    const raw = text.slice(at, end + 1);
    at = end + 1;
    try { return JSON.parse(raw); } catch { return malformed('JSON: a bad string'); }
  };
  const out = value(); space();
  if (at !== text.length) malformed('JSON: something follows');
  return out;
}
const isObject = x => x !== null && typeof x === 'object' && !Array.isArray(x);
const isText = x => typeof x === 'string';
const texts = (x, what) => Array.isArray(x) && x.every(isText) ? x : malformed(`${what} is no list of texts`);
function onlyKeys(object, allowed, what) {
  if (!isObject(object)) malformed(`${what} is no object`);
  for (const key of Object.keys(object)) if (!allowed.includes(key)) malformed(`${what} has the key ${key}`);
}

// ---------------------------------------------------------------- terms
// num n d | size n | let id size | pi | ent name at | add a | mul a | pow b e | big k id size c body (sum prod max min all)
// fn f a | ufn g n a | d k e v | if c a b | delta a b | cmp op a b | and a | or a | not a | tf v | meta n at | hole
const abs = n => n < 0n ? -n : n;
const gcd = (a, b) => { a = abs(a); b = abs(b); while (b) [a, b] = [b, a % b]; return a; };
const num = (n, d = 1n) => {
  n = BigInt(n); d = BigInt(d);
  if (d < 0n) { n = -n; d = -d; }
  const g = gcd(n, d) || 1n;
  return {o: 'num', n: n / g, d: d / g};
};
const ZERO = num(0), ONE = num(1), MINUS = num(-1), HALF = num(1, 2);
const isNum = (t, n) => t.o === 'num' && (n === undefined || (t.d === 1n && t.n === BigInt(n)));
const add = (...ts) => {
  const out = [];
  let c = ZERO;
  for (const t of ts.flatMap(t => t.o === 'add' ? t.a : [t])) t.o === 'num' ? c = num(c.n * t.d + t.n * c.d, c.d * t.d) : out.push(t);
  if (c.n !== 0n) out.push(c);
  return out.length === 0 ? ZERO : out.length === 1 ? out[0] : {o: 'add', a: out};
};
const mul = (...ts) => {
  const out = [];
  let c = ONE;
  for (const t of ts.flatMap(t => t.o === 'mul' ? t.a : [t])) t.o === 'num' ? c = num(c.n * t.n, c.d * t.d) : out.push(t);
  if (c.n === 0n && !out.some(t => some(t, x => x.o === 'hole'))) return ZERO; // a hole is kept
  if (!(c.n === 1n && c.d === 1n)) out.unshift(c);
  return out.length === 0 ? ONE : out.length === 1 ? out[0] : {o: 'mul', a: out};
};
const pow = (b, e) => isNum(e, 1) ? b : isNum(e, 0) ? ONE
  : isNum(e, -1) && b.o === 'num' && b.n !== 0n ? num(b.d, b.n) : {o: 'pow', b, e};
const neg = t => mul(MINUS, t), sub = (a, b) => add(a, neg(b)), inv = t => pow(t, MINUS), div = (a, b) => mul(a, inv(b));
const fn = (f, ...a) => ({o: 'fn', f, a});
const cmp = (op, a, b) => ({o: 'cmp', op, a, b});
const TRUE = {o: 'tf', v: true}, FALSE = {o: 'tf', v: false};
const and = (...cs) => {
  const out = cs.flatMap(c => c.o === 'and' ? c.a : [c]).filter(c => c !== TRUE && !(c.o === 'tf' && c.v));
  return out.length === 0 ? TRUE : out.length === 1 ? out[0] : {o: 'and', a: out};
};
const or = (...cs) => cs.length === 0 ? FALSE : cs.length === 1 ? cs[0] : {o: 'or', a: cs};
const not = c => c.o === 'tf' ? (c.v ? FALSE : TRUE) : c.o === 'not' ? c.a : {o: 'not', a: c};
const iff = (c, a, b) => c.o === 'tf' && !some(c.v ? b : a, x => x.o === 'hole') ? (c.v ? a : b) : {o: 'if', c, a, b};
const big = (k, id, size, c, body) => ({o: 'big', k, id, size, c, body});
let counter = 0;
const fresh = name => `${name.split('#')[0]}#${++counter}`;

const parts = t => {
  switch (t.o) {
    case 'add': case 'mul': case 'and': case 'or': case 'fn': case 'ufn': return t.a;
    case 'pow': return [t.b, t.e];
    case 'big': return [t.c, t.body];
    case 'd': return [t.e, t.v];
    case 'if': return [t.c, t.a, t.b];
    case 'delta': case 'cmp': return [t.a, t.b];
    case 'not': return [t.a];
    case 'ent': case 'meta': return t.at;
    default: return [];
  }
};
const some = (t, test) => test(t) || parts(t).some(p => some(p, test));
const rebuild = (t, f) => {
  switch (t.o) {
    case 'add': return add(...t.a.map(f));
    case 'mul': return mul(...t.a.map(f));
    case 'and': return and(...t.a.map(f));
    case 'or': return {o: 'or', a: t.a.map(f)};
    case 'fn': case 'ufn': return {...t, a: t.a.map(f)};
    case 'pow': return pow(f(t.b), f(t.e));
    case 'd': return {...t, e: f(t.e), v: f(t.v)};
    case 'if': return iff(f(t.c), f(t.a), f(t.b));
    case 'delta': case 'cmp': return {...t, a: f(t.a), b: f(t.b)};
    case 'not': return not(f(t.a));
    case 'ent': case 'meta': return {...t, at: t.at.map(f)};
    default: return t;
  }
};
// letters replaced by places; bound letters are made new, so nothing is caught
function subst(t, map) {
  if (t.o === 'let') return map.get(t.id) ?? t;
  if (t.o === 'big') {
    const id = fresh(t.id), inner = new Map(map);
    inner.set(t.id, {o: 'let', id, size: t.size});
    return big(t.k, id, t.size, subst(t.c, inner), subst(t.body, inner));
  }
  return rebuild(t, p => subst(p, map));
}

// ---------------------------------------------------------------- reading core text
const FUNCTIONS = new Set(['exp', 'log', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh',
  'erf', 'sigmoid', 'softplus', 'relu', 'abs', 'sign', 'lgamma', 'detach']);
const RESERVED = new Set(['true', 'false', 'if', 'else', 'for', 'in', 'and', 'or', 'not', 'HOLE']);
const TABLED = new Set(['sum', 'prod', 'max', 'min', 'all', 'delta', 'sqrt', 'digamma', 'trigamma', 'polygamma', 'deriv', 'diff', 'partial', ...FUNCTIONS]);
const noLetter = k => RESERVED.has(k) || k === 'pi' || core.taken.has(k);
function tokens(text) {
  const out = [], re = / *(?:(0(?![0-9])|[1-9][0-9]*)|([A-Za-z_][A-Za-z_0-9]*)|(\*\*|==|!=|<=|>=|[-+*\/()\[\],<>:]))/y;
  let at = 0;
  while (/\S/.test(text.slice(at, at + 1000)) || at + 1000 < text.length) {
    re.lastIndex = at;
    const m = re.exec(text);
    if (!m) refuse(`cannot read ${JSON.stringify(text.slice(at, at + 20))}`);
    at = re.lastIndex;
    if (m[1]) { if (m[1].length > 400) refuse('a number is too long'); out.push({k: 'n', v: m[1]}); }
    else if (m[2]) out.push({k: 'w', v: m[2]});
    else out.push({k: 'o', v: m[3]});
  }
  return out;
}
class Reader {
  constructor(text) { if (!isText(text)) malformed('a text was expected'); this.t = tokens(text); this.i = 0; this.depth = 0; }
  is(v) { const t = this.t[this.i]; return t !== undefined && t.k !== 'n' && t.v === v; }
  eat(v) { if (this.is(v)) { this.i++; return true; } return false; }
  need(v) { if (!this.eat(v)) refuse(`${v} was expected in ${this.t.map(t => t.v).join(' ').slice(0, 80)}`); }
  name() { const t = this.t[this.i]; if (!t || t.k !== 'w') refuse('a name was expected'); this.i++; return t.v; }
  all() { const e = this.ternary(); if (this.i !== this.t.length) refuse('something follows the text'); return e; }
  ternary() {
    if (++this.depth > 300) refuse('nested too deeply');
    let a = this.or();
    if (this.eat('if')) { const c = this.or(); this.need('else'); a = {r: 'if', c, a, b: this.ternary()}; }
    this.depth--;
    return a;
  }
  or() { const a = [this.and()]; while (this.eat('or')) a.push(this.and()); return a.length > 1 ? {r: 'or', a} : a[0]; }
  and() { const a = [this.not()]; while (this.eat('and')) a.push(this.not()); return a.length > 1 ? {r: 'and', a} : a[0]; }
  not() { return this.eat('not') ? {r: 'not', a: this.not()} : this.cmp(); }
  cmp() {
    const a = this.sum();
    for (const op of ['==', '!=', '<=', '>=', '<', '>']) if (this.eat(op)) return {r: 'cmp', op, a, b: this.sum()};
    return a;
  }
  sum() {
    let a = this.product();
    for (;;) {
      if (this.eat('+')) a = {r: 'add', a, b: this.product()};
      else if (this.eat('-')) a = {r: 'sub', a, b: this.product()};
      else return a;
    }
  }
  product() {
    let a = this.unary();
    for (;;) {
      if (this.eat('*')) a = {r: 'mul', a, b: this.unary()};
      else if (this.eat('/')) a = {r: 'div', a, b: this.unary()};
      else return a;
    }
  }
  unary() {
    if (++this.depth > 300) refuse('nested too deeply');
    const out = this.eat('-') ? {r: 'neg', a: this.unary()} : this.power();
    this.depth--;
    return out;
  }
  power() { const a = this.postfix(); return this.eat('**') ? {r: 'pow', a, b: this.unary()} : a; }
  list(end) {
    const out = [];
    do out.push(this.ternary()); while (this.eat(','));
    this.need(end);
    return out;
  }
  guards() { const a = []; while (this.eat('if')) a.push(this.or()); return a.length === 0 ? null : a.length === 1 ? a[0] : {r: 'and', a}; }
  postfix() {
    const t = this.t[this.i];
    if (!t) refuse('the text ends too early');
    if (t.k === 'n') { this.i++; return {r: 'num', v: BigInt(t.v)}; }
    if (this.eat('(')) { const e = this.ternary(); this.need(')'); return e; }
    const name = this.name();
    if (['if', 'else', 'for', 'in', 'and', 'or', 'not'].includes(name)) refuse(`${name} stands where a term should`);
    if (this.eat('[')) return {r: 'idx', n: name, a: this.list(']')};
    if (this.eat('(')) {
      const first = this.ternary();
      if (this.is('for')) {
        const loops = [];
        while (this.eat('for')) {
          const k = this.name(); this.need('in');
          const s = this.t[this.i++];
          if (!s || s.k === 'o') refuse('a size was expected');
          loops.push({k, size: s.v, c: this.guards()});
        }
        this.need(')');
        return {r: 'gen', n: name, body: first, loops};
      }
      const a = [first];
      while (this.eat(',')) a.push(this.ternary());
      this.need(')');
      const call = {r: 'call', n: name, a};
      if (name === 'deriv') { this.need('('); return {r: 'deriv', spec: a, a: this.list(')')}; }
      return call;
    }
    return {r: 'name', n: name};
  }
}

const isPlace = t => t.o === 'let' || (t.o === 'ent' && t.label);
const placeSize = t => t.o === 'let' ? t.size : t.o === 'ent' && t.label ? core.labels.get(t.name) : null;
const OPS = new Set(['==', '!=', '<', '<=', '>', '>=']);
let core = null; // the core of the certificate that is being checked

// scope: {letters: Map(name -> {o:'let'}), vars: Set, hole: bool, metas: Map | null}
function read(text, scope, want) {
  const state = {holes: 0};
  const out = elaborate(new Reader(text).all(), scope, want, state);
  if (scope.hole ? state.holes !== 1 : state.holes !== 0) refuse('HOLE must stand exactly once in a context, and nowhere else');
  return out;
}
function elaborate(r, scope, want, state) {
  const V = x => elaborate(x, scope, 'v', state), C = x => elaborate(x, scope, 'c', state);
  const value = () => { if (want !== 'v') refuse('a value stands where a condition is wanted'); };
  const condition = () => { if (want !== 'c') refuse('a condition stands where a value is wanted'); };
  const entry = x => { const t = V(x); if (t.o !== 'ent' || t.label) refuse('the variable of a derivative is no entry'); return t; };
  switch (r.r) {
    case 'num': value(); return num(r.v);
    case 'if': value(); return iff(C(r.c), V(r.a), V(r.b));
    case 'or': condition(); return {o: 'or', a: r.a.map(C)};
    case 'and': condition(); return and(...r.a.map(C));
    case 'not': condition(); return not(C(r.a));
    case 'cmp': {
      condition();
      return checkPlaces(cmp(r.op, V(r.a), V(r.b)));
    }
    case 'add': value(); return add(V(r.a), V(r.b));
    case 'sub': value(); return sub(V(r.a), V(r.b));
    case 'mul': value(); return mul(V(r.a), V(r.b));
    case 'div': { value(); const by = V(r.b); if (isNum(by, 0)) refuse('division by the number 0'); return div(V(r.a), by); }
    case 'neg': value(); return neg(V(r.a));
    case 'pow': value(); return pow(V(r.a), V(r.b));
    case 'name': {
      const n = r.n;
      if (n === 'true' || n === 'false') { condition(); return n === 'true' ? TRUE : FALSE; }
      const meta = scope.metas?.get(n);
      if (meta) {
        if (meta.kind === 'c') condition(); else value();
        if (meta.sizes.length) refuse(`${n} needs places`);
        return meta.kind === 'size' ? {o: 'size', n} : {o: 'meta', n, at: []};
      }
      value();
      if (n === 'HOLE') { state.holes++; return {o: 'hole'}; }
      if (scope.letters.has(n)) return scope.letters.get(n);
      if (scope.vars?.has(n)) return {o: 'ent', name: n, at: []};
      if (core.sizes.has(n)) return {o: 'size', n};
      if (core.entries.has(n)) {
        if (core.entries.get(n).length) refuse(`${n} stands without places`);
        return core.labels.has(n) ? {o: 'ent', name: n, at: [], label: true} : {o: 'ent', name: n, at: []};
      }
      if (n === 'pi') return {o: 'pi'};
      return refuse(`unknown name ${n}`);
    }
    case 'idx': {
      const meta = scope.metas?.get(r.n), at = r.a.map(V);
      if (meta) {
        if (meta.kind === 'c') condition(); else value();
        if (at.length !== meta.sizes.length) refuse('law: wrong number of places');
        return {o: 'meta', n: r.n, at};
      }
      value();
      const places = core.entries.get(r.n);
      if (!places) refuse(`unknown array ${r.n}`);
      if (places.length !== at.length) refuse(`${r.n} has ${places.length} places`);
      at.forEach((p, i) => fits(p, places[i]));
      return core.labels.has(r.n) ? {o: 'ent', name: r.n, at, label: true} : {o: 'ent', name: r.n, at};
    }
    case 'gen': {
      if (!['sum', 'prod', 'max', 'min', 'all'].includes(r.n)) refuse(`${r.n} is no sum`);
      if (r.n === 'all') condition(); else value();
      const go = (i, sc) => {
        if (i === r.loops.length) return elaborate(r.body, sc, r.n === 'all' ? 'c' : 'v', state);
        const {k, size, c} = r.loops[i];
        if (!(scope.metas?.get(size)?.kind === 'size') && !isSize(size)) refuse(`unknown size ${size}`);
        if (noLetter(k)) refuse(`the letter ${k} is a name`);
        const letter = {o: 'let', id: fresh(k), size};
        const inner = {...sc, letters: new Map(sc.letters).set(k, letter)};
        const guard = c === null ? TRUE : elaborate(c, inner, 'c', state);
        return big(r.n, letter.id, size, guard, go(i + 1, inner));
      };
      return go(0, scope);
    }
    case 'deriv': {
      value();
      const g = r.spec[0];
      if (!g || g.r !== 'name' || !core.functions.has(g.n)) refuse('deriv of what is no unknown function');
      const arity = core.functions.get(g.n), rest = r.spec.slice(1).map(x => x.r === 'num' ? Number(x.v) : refuse('deriv: a number was expected'));
      const orders = Array(arity).fill(0);
      if (rest.length === 1) { if (arity !== 1) refuse('deriv: a slot is missing'); orders[0] = rest[0]; }
      else {
        if (rest.length === 0 || rest.length % 2) refuse('deriv: slot and number come in pairs');
        for (let i = 0; i < rest.length; i += 2) {
          if (rest[i] < 1 || rest[i] > arity) refuse('deriv: no such slot');
          orders[rest[i] - 1] += rest[i + 1];
        }
      }
      if (r.a.length !== arity) refuse(`${g.n} has ${arity} arguments`);
      return {o: 'ufn', g: g.n, n: orders, a: r.a.map(V)};
    }
    case 'call': {
      value();
      const n = r.n, count = k => { if (r.a.length !== k) refuse(`${n} of ${r.a.length}`); };
      if (core.functions.has(n)) {
        count(core.functions.get(n));
        return {o: 'ufn', g: n, n: Array(r.a.length).fill(0), a: r.a.map(V)};
      }
      if (n === 'delta') {
        count(2);
        const [a, b] = r.a.map(V);
        for (const p of [a, b]) if (!isPlace(p) && !(isNum(p) && p.d === 1n && p.n >= 1n)) refuse('delta of what is no place');
        return checkPlaces({o: 'delta', a, b});
      }
      if (n === 'sqrt') { count(1); return pow(V(r.a[0]), HALF); }
      if (n === 'digamma') { count(1); return fn('polygamma', ZERO, V(r.a[0])); }
      if (n === 'trigamma') { count(1); return fn('polygamma', ONE, V(r.a[0])); }
      if (n === 'polygamma') {
        count(2);
        const order = V(r.a[0]);
        if (!isNum(order) || order.d !== 1n || order.n < 0n) refuse('polygamma: the order is a number');
        return fn('polygamma', order, V(r.a[1]));
      }
      if (n === 'max' || n === 'min') { count(2); return fn(n, ...r.a.map(V)); }
      if (FUNCTIONS.has(n)) { count(1); return fn(n, V(r.a[0])); }
      if (n === 'diff' || n === 'partial') {
        if (r.a.length < 2 || (n === 'partial' && r.a.length > 2)) refuse(`${n} of ${r.a.length}`);
        const of = V(r.a[0]);
        if (n === 'partial' && of.o === 'ent' && core.definitions.has(of.name) && !['name', 'idx'].includes(r.a[0].r)) refuse('partial of what is a bare name only by arithmetic');
        return r.a.slice(1).reduce((e, v) => ({o: 'd', k: n, e, v: entry(v)}), of);
      }
      return refuse(`unknown function ${n}`);
    }
  }
  return refuse('cannot read this');
}
const isSize = s => core.sizes.has(s) || /^[1-9][0-9]{0,17}$/.test(s);
function checkPlaces(t) {
  if (isPlace(t.a) && isPlace(t.b) && placeSize(t.a) !== placeSize(t.b)) refuse('places of different sizes are compared');
  return t;
}
// a place fits a size; numbers beyond 1 over a named size are looked at by `inRange`
function fits(p, size) {
  if (isPlace(p)) { if (placeSize(p) !== size) refuse(`a place over ${placeSize(p)} stands where one over ${size} should`); }
  else if (isNum(p) && p.d === 1n && p.n >= 1n) { if (/^[0-9]/.test(size) && p.n > BigInt(size)) refuse('a place beyond its size'); }
  else refuse('a place is a letter, an entry of a label or a whole number');
}
// every number in a place must be shown to be in range, from what is known there
function inRange(t, ctx) {
  if (!some(t, x => x.o === 'ent' && x.at.some(p => p.o === 'num' && p.n > 1n))) return;
  walk(t, ctx, (x, here) => {
    if (x.o !== 'ent') return;
    const places = core.entries.get(x.name) ?? [];
    x.at.forEach((p, i) => {
      if (p.o === 'num' && p.n > 1n && core.sizes.has(places[i]) && !show(cmp('>=', {o: 'size', n: places[i]}, p), here)) refuse(`${places[i]} >= ${p.n} is not known`);
    });
  });
}
function walk(t, ctx, f) {
  f(t, ctx);
  if (t.o === 'big') { const open = ctx.letter(t.id, t.size); walk(t.c, open, f); walk(t.body, open.know(t.c), f); }
  else if (t.o === 'if') { walk(t.c, ctx, f); walk(t.a, ctx.know(t.c), f); walk(t.b, ctx.know(not(t.c)), f); }
  else if (t.o === 'd') { walk(t.e, ctx.under(t.v), f); walk(t.v, ctx, f); }
  else for (const p of parts(t)) walk(p, ctx, f);
}

// ---------------------------------------------------------------- equal by value: a tower of finite fields
// p[0] = 2*p[1] + 1, p[1] = 2*p[2] + 1 ...: what stands in an exponent at one level is taken at the next one. All are -1 modulo small primes,
// so these are squares and have roots. Every term has a value at two points. 1/a is not the inverse in the field (a/a = 1 is no law) but
// another multiplicative map that is its own inverse and is the true one where the two points agree, as for numbers.
const LEVELS = 4;
const modpow = (b, e, p) => { b %= p; if (b < 0n) b += p; let r = 1n; while (e > 0n) { if (e & 1n) r = r * b % p; b = b * b % p; e >>= 1n; } return r; };
function isPrime(n) {
  for (const q of [37n, 41n, 43n, 47n, 53n, 59n, 61n, 67n, 71n, 73n, 79n, 83n, 89n, 97n]) if (n % q === 0n) return false;
  let d = n - 1n, s = 0;
  while (!(d & 1n)) { d >>= 1n; s++; }
  const rounds = [2n, ...Array.from({length: 12}, () => 2n + BigInt('0x' + randomBytes(8).toString('hex')))];
  next: for (const a of rounds) {
    let x = modpow(a, d, n);
    if (x === 1n || x === n - 1n) continue;
    for (let i = 1; i < s; i++) { x = x * x % n; if (x === n - 1n) continue next; }
    return false;
  }
  return true;
}
const PRIMES = (() => {
  const M = 16n * 3n * 5n * 7n * 11n * 13n * 17n * 19n * 23n * 29n * 31n;
  for (;;) {
    const chain = [M * BigInt('0x' + randomBytes(7).toString('hex')) - 1n];
    if (chain[0] < 1n << 88n) continue;
    while (chain.length < LEVELS && isPrime(chain[0])) chain.unshift(2n * chain[0] + 1n);
    if (chain.length === LEVELS && isPrime(chain[0])) return chain;
  }
})();
const norm = (x, l) => { const p = PRIMES[l]; x %= p; return x < 0n ? x + p : x; };
const inverse = (x, l) => {
  const p = PRIMES[l];
  let [a, b, u, v] = [norm(x, l), p, 1n, 0n];
  while (a) { const q = b / a; [a, b, u, v] = [b - q * a, a, v - q * u, u]; }
  return norm(v, l);
};
const isSquare = (x, l) => x === 0n || modpow(x, (PRIMES[l] - 1n) / 2n, PRIMES[l]) === 1n;
// the small fraction that x is at level 0, if it is one
function fraction(x) {
  const p = PRIMES[0], bound = 1n << 30n;
  if (x < bound) return num(x);
  if (p - x < bound) return num(x - p);
  let [r0, r1, t0, t1] = [p, x, 0n, 1n];
  while (r1 > bound) { const q = r0 / r1; [r0, r1, t0, t1] = [r1, r0 - q * r1, t1, t0 - q * t1]; }
  return t1 === 0n || abs(t1) > bound ? null : num(r1, t1);
}
const SECRET = randomBytes(16).toString('hex');
const TWIST = randomBytes(11).reduce((a, b) => a * 256n + BigInt(b), 7n);
const hashed = new Map();
function hash(text) {
  let h = hashed.get(text);
  if (h === undefined) {
    h = BigInt('0x' + createHash('sha256').update(text).digest('hex'));
    if (hashed.size > 400000) hashed.clear();
    hashed.set(text, h);
  }
  return h;
}

class Env {
  constructor(seeds, lists = null, parent = null) {
    this.seeds = seeds; this.lists = lists; this.memo = new Map(); this.inner = new Map(); this.keys = new Map();
    this.letters = parent ? parent.letters : new Map(); this.depth = parent ? parent.depth : 0; this.guards = parent ? parent.guards : new Set();
    this.shared = parent ? parent.shared : {whole: false};
  }
  open(id, size) {
    const tag = `${id}`;
    let e = this.inner.get(tag);
    if (!e) {
      e = new Env(this.seeds, this.lists, this);
      e.letters = new Map(this.letters).set(id, `B${this.depth}:${size}`);
      e.depth = this.depth + 1;
      this.inner.set(tag, e);
    }
    return e;
  }
  guard(c) {
    if (!this.lists) return this;
    const keys = flatKeys(c, this);
    if (keys.every(k => this.guards.has(k))) return this;
    const tag = 'g' + keys.join('&');
    let e = this.inner.get(tag);
    if (!e) { e = new Env(this.seeds, this.lists, this); e.guards = new Set([...this.guards, ...keys]); this.inner.set(tag, e); }
    return e;
  }
  bare() {
    if (!this.lists) return this;
    let e = this.inner.get('bare');
    if (!e) { e = new Env(this.seeds, null, this); this.inner.set('bare', e); }
    return e;
  }
}
const flatKeys = (c, env) => (c.o === 'and' ? c.a : [c]).map(x => condKey(x, env)).filter(k => k !== 'T');
const atom = (env, l, pt, key) => hash(`${SECRET}|${env.seeds[pt]}|${l}|${pt}|${key}`) % PRIMES[l];
const square = (env, l, pt, key) => { const a = atom(env, l, pt, key); return a * a % PRIMES[l]; };
const key = (t, env) => value(t, 0, 0, env).toString(36);
function placeKey(p, env) {
  if (p.o === 'num') return p.n.toString();
  if (p.o === 'let') return env.letters.get(p.id) ?? p.id;
  if (p.o === 'ent') return entKey(p, env);
  return refuse('this is no place');
}
const entKey = (t, env) => `${t.name}[${t.at.map(p => placeKey(p, env)).join(',')}]`;

function value(t, l, pt, env) {
  if (t.o === 'num') return t.d === 1n ? norm(t.n, l) : norm(t.n * inverse(t.d, l), l);
  let got = env.memo.get(t);
  if (!got) env.memo.set(t, got = []);
  const slot = 2 * l + pt;
  return got[slot] ?? (got[slot] = compute(t, l, pt, env));
}
function compute(t, l, pt, env) {
  const p = PRIMES[l];
  switch (t.o) {
    case 'size': return square(env, l, pt, `S${t.n}`);
    case 'pi': return square(env, l, pt, 'pi');
    case 'let': return square(env, l, pt, `L${env.letters.get(t.id) ?? t.id}`);
    case 'ent': return t.label ? square(env, l, pt, 'L' + entKey(t, env)) : atom(env, l, pt, 'E' + entKey(t, env));
    case 'add': { let s = 0n; for (const a of t.a) s += value(a, l, pt, env); return s % p; }
    case 'mul': { let s = 1n; for (const a of t.a) s = s * value(a, l, pt, env) % p; return s; }
    case 'pow': return power(t.b, t.e, l, pt, env);
    case 'delta': return chi(condKey(cmp('==', t.a, t.b), env), l, pt, env);
    case 'if': {
      const k = condKey(t.c, env), yes = env.guard(t.c), no = env.guard(not(t.c));
      if (k === 'T') return value(t.a, l, pt, yes);
      if (k === 'F') return value(t.b, l, pt, no);
      const x = chi(k, l, pt, env), a = value(t.a, l, pt, yes), b = value(t.b, l, pt, no);
      return norm(b + x * (a - b), l);
    }
    case 'big': {
      const open = env.open(t.id, t.size), c = condKey(t.c, open);
      return atom(env, l, pt, `${t.k}|${t.size}|${c}|${key(t.body, open.guard(t.c))}`);
    }
    case 'ufn': return atom(env, l, pt, `U${t.g}|${t.n}|${t.a.map(a => key(a, env))}`);
    case 'd': {
      const plain = env.bare();
      // partial of a bare defined name is that of its definition as it is written, and another thing than partial of a term equal to the name
      const bare = t.k === 'partial' && t.e.o === 'ent' && core.definitions.has(t.e.name) && t.e.name !== t.v.name;
      const what = key(bare ? unfolded(t, env) : t.e, plain);
      return atom(env, l, pt, `${t.k}|${what}|${entKey(t.v, plain)}`);
    }
    case 'fn': {
      if (t.f === 'exp') return exponential(t.a[0], l, pt, env);
      if (t.f === 'log') return logarithm(t.a[0], l, pt, env);
      const keys = t.a.map(a => key(a, env));
      if (t.f === 'max' || t.f === 'min') { keys.sort(); if (keys[0] === keys[1]) return value(t.a[0], l, pt, env); }
      return atom(env, l, pt, `${t.f}|${keys}`);
    }
  }
  return refuse(`no value: ${t.o}`);
}
function unfolded(t, env) {
  const memo = env.shared.unfolded ??= new Map();
  if (!memo.has(t)) memo.set(t, unfold(t.e));
  return memo.get(t);
}
const chi = (k, l, pt, env) => k === 'T' ? 1n : k === 'F' ? 0n : k[0] === '!' ? norm(1n - chi(k.slice(1), l, pt, env), l) : atom(env, l, pt, `C${k}`);

const negKey = k => k === 'T' ? 'F' : k === 'F' ? 'T' : k[0] === '!' ? k.slice(1) : '!' + k;
function condKey(c, env) {
  let k = env.keys.get(c);
  if (k === undefined) env.keys.set(c, k = computeKey(c, env));
  return k;
}
function computeKey(c, env) {
  switch (c.o) {
    case 'tf': return c.v ? 'T' : 'F';
    case 'not': return negKey(condKey(c.a, env));
    case 'and': case 'or': {
      const flip = c.o === 'or' ? negKey : k => k, found = new Set();
      for (const a of c.a) {
        const k = flip(condKey(a, env));
        if (k === 'F') return flip('F');
        if (k.startsWith('&(')) k.slice(2, -1).split(';').forEach(x => found.add(x));
        else if (k !== 'T') found.add(k);
      }
      for (const k of found) if (found.has(negKey(k))) return flip('F');
      const list = [...found].sort();
      return list.length === 0 ? flip('T') : list.length === 1 ? flip(list[0]) : flip(`&(${list.join(';')})`);
    }
    case 'big': {
      const open = env.open(c.id, c.size), k = condKey(or(not(c.c), c.body), open);
      return k === 'T' ? 'T' : `A${hash(`all|${c.size}|${k}`).toString(36)}`;
    }
    case 'cmp': {
      if (c.op === '<') return condKey(cmp('>', c.b, c.a), env);
      if (c.op === '>=') return negKey(condKey(cmp('>', c.b, c.a), env));
      if (c.op === '<=') return negKey(condKey(cmp('>', c.a, c.b), env));
      if (c.op === '!=') return negKey(condKey(cmp('==', c.a, c.b), env));
      const d = sub(c.a, c.b), x = value(d, 0, 0, env), y = value(d, 0, 1, env);
      if (x === 0n && y === 0n) return c.op === '==' ? 'T' : 'F';
      if (x === y) {
        const q = fraction(x);
        if (q) return c.op === '==' ? 'F' : q.n > 0n ? 'T' : 'F';
      }
      if (c.op === '==') return y === 0n || x === 0n ? `=z${x}` : `=${norm(x * inverse(y, 0), 0).toString(36)}`;
      return `>${x.toString(36)}`;
    }
  }
  return refuse('this is no condition');
}

// the factors of a product, as [base, power (a whole number)]
function factors(t, out = [], n = 1) {
  if (t.o === 'mul') for (const a of t.a) factors(a, out, n);
  else if (t.o === 'pow' && t.e.o === 'num' && t.e.d === 1n && abs(t.e.n) <= 4096n) factors(t.b, out, n * Number(t.e.n));
  else if (t.o === 'add') { const c = content(t); c ? c.forEach(([b, m]) => out.push([b, n * m])) : out.push([t, n]); }
  else out.push([t, n]);
  return out;
}
// what all terms of a sum share of sizes, letters, pi and exp
const contents = new WeakMap();
function content(t) {
  if (contents.has(t)) return contents.get(t);
  let out = null;
  const lists = t.a.map(a => factors(a).filter(([b]) => ['size', 'let', 'pi'].includes(b.o) || (b.o === 'fn' && b.f === 'exp')));
  if (lists.every(l => l.length)) {
    const plain = new Env(['content', 'content']), count = l => { const m = new Map(); for (const [b, n] of l) { const k = b.o === 'let' ? 'L' + b.id : b.o === 'size' ? 'S' + b.n : key(b, plain); m.set(k, [b, (m.get(k)?.[1] ?? 0) + n]); } return m; };
    const maps = lists.map(count), shared = [];
    for (const [k, [b]] of maps[0]) {
      const powers = maps.map(m => m.get(k)?.[1] ?? 0), least = Math.min(...powers);
      if (least !== 0 && (least > 0 ? true : powers.every(x => x < 0))) shared.push([b, least > 0 ? least : Math.max(...powers)]);
    }
    if (shared.length) {
      const rest = add(...t.a.map(a => strip(a, shared)));
      out = [...shared, [rest, 1]];
    }
  }
  contents.set(t, out);
  return out;
}
function strip(a, shared) {
  // exact: the factors are divided out by lowering their powers
  const plain = new Env(['content', 'content']), id = b => b.o === 'let' ? 'L' + b.id : b.o === 'size' ? 'S' + b.n : b.o === 'pi' ? 'pi' : b.o === 'fn' && b.f === 'exp' ? key(b, plain) : null;
  const left = new Map(shared.map(([b, n]) => [b.o === 'pi' ? 'pi' : id(b), n])), list = [];
  const seen = new Map();
  for (const [b, n] of factors(a)) { const k = id(b); if (k !== null && left.has(k)) seen.set(k, [b, (seen.get(k)?.[1] ?? 0) + n]); else list.push(pow(b, num(n))); }
  for (const [k, [b, n]] of seen) list.push(pow(b, num(n - left.get(k))));
  return mul(...list);
}

// the listed term that t is up to a number: [entry, the number]
function listed(t, env, kind) {
  if (!env.lists) return null;
  const tag = kind + 'L';
  let memo = env.inner.get(tag);
  if (!memo) env.inner.set(tag, memo = new Map());
  if (memo.has(t)) return memo.get(t);
  memo.set(t, null); // the lists are looked at without themselves
  const plain = env.bare();
  let out = null;
  for (const e of env.lists) {
    if (kind === 'pos' && !e.pos) continue;
    if (!e.guards(plain).every(g => env.guards.has(g))) continue;
    const at = e.env(plain), c = ratio(t, plain, e.t, at);
    if (c && (kind === 'nz' || c.n > 0n)) { out = [e, c, at]; break; }
  }
  memo.set(t, out);
  return out;
}
function ratio(t, envT, u, envU) {
  const a = value(t, 0, 0, envT), b = value(u, 0, 0, envU);
  if (a === 0n || b === 0n) return null;
  const q = fraction(norm(a * inverse(b, 0), 0));
  if (!q || q.n === 0n) return null;
  return norm(value(t, 0, 1, envT) - value(u, 0, 1, envU) * value(q, 0, 1, envU), 0) === 0n ? q : null;
}
// positive by form, in the narrow sense of "equal by value", or listed
function positive(t, env) {
  switch (t.o) {
    case 'num': return t.n > 0n;
    case 'size': case 'let': case 'pi': return true;
    case 'ent': if (t.label) return true; break;
    case 'fn': if (t.f === 'exp') return true; break;
    case 'pow': if (positive(t.b, env)) return true; break;
    case 'mul': if (t.a.every(a => positive(a, env))) return true; break;
  }
  return listed(t, env, 'pos') !== null;
}
// t as a product of positive bases, or null; what is left over may be positive as a whole
function positiveFactors(t, env) {
  const list = factors(t), good = [], rest = [];
  for (const f of list) (positive(f[0], env) ? good : rest).push(f);
  if (!rest.length) return good;
  const whole = mul(...rest.map(([b, n]) => pow(b, num(n))));
  if (rest.length > 1 || rest[0][1] !== 1) if (listed(whole, env, 'pos')) return [...good, [whole, 1]];
  if (listed(t, env, 'pos')) return [[t, 1]];
  return null;
}

const constant = t => {
  if (t.o === 'num') return t;
  if (t.o === 'pow' && t.b.o === 'num' && t.e.o === 'num' && t.e.d === 1n && abs(t.e.n) <= 64n && t.b.n !== 0n) {
    const n = t.e.n;
    return n >= 0n ? num(t.b.n ** n, t.b.d ** n) : num(t.b.d ** -n, t.b.n ** -n);
  }
  if (t.o === 'add' || t.o === 'mul') {
    let c = t.o === 'add' ? ZERO : ONE;
    for (const a of t.a) { const x = constant(a); if (!x) return wholeConstant(t); c = t.o === 'add' ? add(c, x) : mul(c, x); }
    return c;
  }
  return null;
};
const wholeConstant = t => { const p = wholePoly(t); return p && (p.size === 0 || (p.size === 1 && p.has(''))) ? num(p.get('') ?? 0n) : null; };
// polynomials in sizes and letters with whole coefficients: Map("K*i" -> BigInt)
function wholePoly(t) {
  switch (t.o) {
    case 'num': return t.d === 1n ? new Map(t.n === 0n ? [] : [['', t.n]]) : null;
    case 'size': return new Map([[`S${t.n}`, 1n]]);
    case 'let': return new Map([[`L${t.id}`, 1n]]);
    case 'add': {
      const out = new Map();
      for (const a of t.a) { const p = wholePoly(a); if (!p) return null; for (const [m, c] of p) out.set(m, (out.get(m) ?? 0n) + c); }
      for (const [m, c] of out) if (c === 0n) out.delete(m);
      return out;
    }
    case 'mul': {
      let out = new Map([['', 1n]]);
      for (const a of t.a) {
        const p = wholePoly(a), next = new Map();
        if (!p || p.size * out.size > 100) return null;
        for (const [m, c] of p) for (const [n, d] of out) {
          const k = [...m.split('*'), ...n.split('*')].filter(Boolean).sort().join('*');
          next.set(k, (next.get(k) ?? 0n) + c * d);
        }
        for (const [m, c] of next) if (c === 0n) next.delete(m);
        out = next;
      }
      return out;
    }
    case 'pow': return t.e.o === 'num' && t.e.d === 1n && t.e.n >= 0n && t.e.n <= 6n ? wholePoly({o: 'mul', a: Array(Number(t.e.n)).fill(t.b)}) : null;
  }
  return null;
}
// the least value that the form shows, all letters being at least 1
function shownLeast(poly) {
  let total = 0n;
  const coefs = new Map();
  for (const [m, c] of poly) {
    const names = m.split('*').filter(Boolean);
    if (names.length > 8) return null;
    for (let mask = 0; mask < 1 << names.length; mask++) {
      const k = names.filter((_, i) => mask >> i & 1).join('*');
      coefs.set(k, (coefs.get(k) ?? 0n) + c);
    }
  }
  for (const [k, c] of coefs) if (k === '') total = c; else if (c < 0n) return null;
  return total;
}

function power(b, e, l, pt, env) {
  const p = PRIMES[l], n = constant(e);
  if (n && n.d === 1n) {
    if (abs(n.n) > 4096n) return atom(env, l, pt, `P${key(b, env)}|${n.n}`);
    return n.n >= 0n ? modpow(value(b, l, pt, env), n.n, p) : modpow(inverted(b, l, pt, env), -n.n, p);
  }
  const good = b.o === 'num' && b.n === 0n ? null : positiveFactors(b, env);
  if (good && l + 1 < LEVELS) {
    const x = value(e, l + 1, pt, env);
    let out = 1n;
    for (const [f, k] of good) {
      const v = value(f, l, pt, env);
      const r = isSquare(v, l) && v !== 0n ? modpow(v, x, p) : atom(env, l, pt, `P${key(f, env)}|${key(e, env)}`);
      out = out * modpow(k < 0 ? inverse(r, l) : r, BigInt(Math.abs(k)), p) % p;
    }
    return out;
  }
  const poly = wholePoly(e);
  if (poly && l + 1 < LEVELS) {
    env.shared.whole = true;
    const down = new Map([...poly].map(([m, c]) => [m, -c])), least = shownLeast(poly);
    if (least === null && shownLeast(down) !== null && shownLeast(down) >= 0n) return power(inv(b), neg(e), l, pt, env);
    const exponent = () => {
      const q = PRIMES[l + 1], x = value(e, l + 1, pt, env);
      let parity = 0n;
      for (const [m, c] of poly) parity += (c & 1n) * m.split('*').filter(Boolean).reduce((a, s) => a * (hash(`${SECRET}|${env.seeds[pt]}|${l}|${pt}|parity|${s[0] === 'L' ? env.letters.get(s.slice(1)) ?? s.slice(1) : s}`) & 1n), 1n);
      return (x & 1n) === (parity & 1n) ? x : x + q;
    };
    if (least !== null && least >= 0n) {
      let out = 1n;
      for (const [f, k] of factors(b)) {
        const v = k < 0 ? inverted(f, l, pt, env) : value(f, l, pt, env), m = BigInt(Math.abs(k));
        out = out * (v === 0n ? (least >= 1n ? 0n : atom(env, l, pt, `W${key(f, env)}|${key(e, env)}`)) : modpow(modpow(v, m, p), exponent(), p)) % p;
      }
      return out;
    }
    let out = 1n;
    for (const [f, k] of factors(b)) {
      const fine = (f.o === 'num' && f.n !== 0n) || positive(f, env) || listed(f, env, 'nz');
      const r = fine ? modpow(value(f, l, pt, env), exponent(), p) : atom(env, l, pt, `W${key(f, env)}|${key(e, env)}`);
      if (!fine && k < 0) return atom(env, l, pt, `P${key(b, env)}|${key(e, env)}`);
      out = out * modpow(k < 0 ? inverse(r, l) : r, BigInt(Math.abs(k)), p) % p;
    }
    return out;
  }
  return atom(env, l, pt, `P${key(b, env)}|${key(e, env)}`);
}
function inverted(t, l, pt, env) {
  const p = PRIMES[l];
  let out = 1n;
  for (const [f, n] of factors(t)) {
    const up = n < 0 ? true : false, v = value(f, l, pt, env), m = BigInt(Math.abs(n));
    let r;
    if (v === 0n) r = 0n;
    else if (up) r = v;
    else if (f.o === 'num' || positive(f, env) || listed(f, env, 'nz')) r = inverse(v, l);
    else r = twisted(f, l, pt, env);
    out = out * modpow(r, m, p) % p;
  }
  return out;
}
function twisted(f, l, pt, env) {
  const p = PRIMES[l], order = p - 1n, a = value(f, l, 0, env), b = value(f, l, 1, env), s = TWIST;
  if (a === 0n || b === 0n) return 0n;
  const [x, y] = pt === 0 ? [s - 1n, order - s % order] : [s - 2n, order - (s - 1n) % order];
  return modpow(a, x, p) * modpow(b, y, p) % p;
}
function exponential(a, l, pt, env) {
  const p = PRIMES[l], rest = [];
  let out = 1n;
  for (const t of a.o === 'add' ? a.a : [a]) {
    const fs = t.o === 'mul' ? t.a : [t], i = fs.findIndex(f => f.o === 'fn' && f.f === 'log' && positiveFactors(f.a[0], env));
    if (i >= 0 && l + 1 < LEVELS) out = out * power(fs[i].a[0], mul(...fs.filter((_, j) => j !== i)), l, pt, env) % p;
    else rest.push(t);
  }
  const left = add(...rest);
  if (l + 1 < LEVELS) return out * modpow(4n, value(left, l + 1, pt, env), p) % p;
  return isNum(left, 0) ? out : square(env, l, pt, `exp|${key(left, env)}`);
}
function logarithm(u, l, pt, env) {
  const c = constant(u);
  if (!(c && c.n <= 0n)) {
    const good = positiveFactors(u, env);
    if (good) {
      let out = 0n;
      for (const [f, n] of good) out += BigInt(n) * logOf(f, l, pt, env);
      return norm(out, l);
    }
  }
  return atom(env, l, pt, `log|${key(u, env)}`);
}
function logOf(f, l, pt, env) {
  if (f.o === 'num') return logNumber(f.n, l, pt, env) - logNumber(f.d, l, pt, env);
  if (f.o === 'fn' && f.f === 'exp') return value(f.a[0], l, pt, env);
  if (f.o === 'pow' && positive(f.b, env)) return value(f.e, l, pt, env) * logarithm(f.b, l, pt, env);
  if (f.o === 'mul' && f.a.every(a => positive(a, env))) return f.a.reduce((s, a) => s + logarithm(a, l, pt, env), 0n);
  const hit = ['size', 'let', 'pi'].includes(f.o) ? null : listed(f, env, 'pos');
  if (hit) {
    const [e, c, at] = hit;
    return logNumber(c.n, l, pt, env) - logNumber(c.d, l, pt, env) + atom(env, l, pt, `log|${key(e.t, at)}`);
  }
  return atom(env, l, pt, `log|${key(f, env)}`);
}
function logNumber(n, l, pt, env) {
  let out = 0n;
  for (let q = 2n; q < 1000n && q * q <= n; q++) while (n % q === 0n) { n /= q; out += atom(env, l, pt, `log|n${q}`); }
  return n > 1n ? out + atom(env, l, pt, `log|n${n}`) : out;
}

const GLOBAL = ['one', 'two'];
let plainEnv = new Env(GLOBAL);
let seedCounter = 0;
// lists: [{t, pos, binders: [[id, size]...], guards: [conditions]}]
function equal(a, b, lists = []) {
  let rounds = 1;
  for (let round = 0; round < rounds; round++) {
    const env = lists.length ? withLists(lists, round) : round === 0 ? new Env(GLOBAL) : new Env([`r${round}`, `s${round}`]);
    if (!env) return false;
    for (const pt of [0, 1]) if (value(a, 0, pt, env) !== value(b, 0, pt, env)) return false;
    if (env.shared.whole) rounds = 40;
  }
  return true;
}
function withLists(lists, round) {
  const wanted = lists.filter(e => e.pos);
  let seeds = [`l${round}`, `m${round}`];
  for (const pt of [0, 1]) {
    for (let tries = 0; ; tries++) {
      if (tries > 600) return null;
      const env = new Env(seeds);
      if (wanted.every(e => { let at = env; for (const [id, s] of e.binders) at = at.open(id, s); return isSquare(value(e.t, 0, pt, at), 0); })) break;
      seeds = [...seeds];
      seeds[pt] = `x${++seedCounter}`;
    }
  }
  const full = lists.map(e => ({t: e.t, pos: e.pos,
    env: plain => e.binders.reduce((at, [id, s]) => at.open(id, s), plain),
    guards: plain => e.guards.length ? flatKeys(and(...e.guards), e.binders.reduce((at, [id, s]) => at.open(id, s), plain)) : []}));
  return new Env(seeds, full);
}

// ---------------------------------------------------------------- what is known, and what follows
// A context holds letters in sight, facts, the variables of the derivatives above, and a record of what was used.
class Uses {
  constructor() { this.hyps = new Set(); this.defs = new Set(); this.detach = false; }
  take(other) { for (const h of other.hyps) this.hyps.add(h); for (const d of other.defs) this.defs.add(d); this.detach ||= other.detach; }
}
class Context {
  constructor() { this.letters = new Map(); this.facts = []; this.derivs = []; this.hyps = []; this.uses = new Uses(); this.binders = []; this.guards = []; this.equalities = []; }
  copy() { return Object.assign(new Context(), this, {cache: undefined}); }
  letter(id, size) { const c = this.copy(); c.letters = new Map(this.letters).set(id, size); c.binders = [...this.binders, [id, size]]; return c; }
  know(cond) {
    if (cond.o === 'tf' && cond.v) return this;
    const c = this.copy();
    c.facts = [...this.facts, ...flatten(cond)];
    c.guards = [...this.guards, cond];
    c.equalities = [...this.equalities];
    for (const f of flatten(cond)) if (f.op === '==' && f.a && isPlace(f.a) && isPlace(f.b)) c.equalities.push([f.a, f.b]);
    return c;
  }
  under(v) {
    const c = this.copy();
    c.derivs = [...this.derivs, v];
    c.facts = this.facts.filter(f => f.fixed ? factStays(f, v, this) : !(f.cond ? rests(f.cond, v.name, true) : rests(f.d, v.name, true)));
    c.equalities = this.equalities.filter(([a, b]) => !rests(a, v.name, true) && !rests(b, v.name, true));
    c.hyps = this.hyps.filter(h => hypStays(h, v));
    return c;
  }
  fresh() { const c = this.copy(); c.uses = new Uses(); return c; }
}
const OPPOSITE = {'==': '!=', '!=': '==', '<': '>=', '>=': '<', '>': '<=', '<=': '>'};
function pushNot(c) {
  switch (c.o) {
    case 'tf': return c.v ? FALSE : TRUE;
    case 'cmp': return cmp(OPPOSITE[c.op], c.a, c.b);
    case 'and': return or(...c.a.map(pushNot));
    case 'or': return and(...c.a.map(pushNot));
    case 'not': return positiveForm(c.a);
    default: return {o: 'not', a: c};
  }
}
const positiveForm = c => c.o === 'not' ? pushNot(c.a) : c.o === 'and' ? and(...c.a.map(positiveForm)) : c.o === 'or' ? or(...c.a.map(positiveForm)) : c;
function flatten(c) {
  c = positiveForm(c);
  if (c.o === 'and') return c.a.flatMap(flatten);
  if (c.o === 'cmp') {
    const swap = c.op === '<' || c.op === '<=';
    const d = swap ? sub(c.b, c.a) : sub(c.a, c.b), out = [{op: {'<': '>', '<=': '>='}[c.op] ?? c.op, d, a: c.a, b: c.b, cond: c}];
    // what divides a term that is not 0 is not 0
    if (['<', '>', '!='].includes(c.op)) for (const x of pieces(d)) if (x !== d && x.o !== 'num') out.push({op: '!=', d: x, cond: cmp('!=', x, ZERO)});
    return out;
  }
  if (c.o === 'tf' && c.v) return [];
  return [{cond: c}];
}
// does t rest on the name? through: also through definitions (its own cut)
function rests(t, name, through) {
  switch (t.o) {
    case 'delta': case 'let': case 'size': case 'num': case 'pi': return false;
    case 'fn': if (t.f === 'detach') return false; return t.a.some(a => rests(a, name, through));
    case 'ent': return !t.label && (t.name === name || (through && defRests(t.name, name)));
    case 'd': return rests(t.e, name, through) || (t.k === 'partial' && t.e.o === 'ent' && core.definitions.has(t.e.name) && t.e.name !== t.v.name && rests(core.definitions.get(t.e.name).body, name, through));
    default: return parts(t).some(p => rests(p, name, through));
  }
}
function defRests(def, name) {
  const d = core.definitions.get(def);
  if (!d || def === name) return false;
  const memo = d.rests ??= new Map();
  if (!memo.has(name)) memo.set(name, rests(d.body, name, true));
  return memo.get(name);
}
// is the condition (a fact stated or assumed) still known when v moves?
function strictSmooth(cond, v, hyps, extra) {
  cond = positiveForm(cond);
  if (cond.o === 'and') return cond.a.every(c => strictSmooth(c, v, hyps, extra));
  if (cond.o === 'big' && cond.k === 'all') return false;
  if (cond.o !== 'cmp' || !['<', '>', '!='].includes(cond.op)) return !rests(cond, v.name, true);
  if (!rests(cond, v.name, true)) return true;
  const ctx = new Context();
  ctx.facts = [...extra, ...flatten(cond)]; ctx.hyps = hyps;
  for (const id of freeLetters(cond)) ctx.letters.set(id[0], id[1]);
  if (some(cond, x => x.o === 'd')) return false;
  try { for (const s of [cond.a, cond.b]) derive(s, v, 'diff', ctx, null, new Set()); return true; } catch (e) { if (e instanceof Refused) return false; throw e; }
}
function freeLetters(t, bound = new Set(), out = new Map()) {
  if (t.o === 'let' && !bound.has(t.id)) out.set(t.id, t.size);
  if (t.o === 'big') { const b = new Set(bound).add(t.id); parts(t).forEach(p => freeLetters(p, b, out)); }
  else parts(t).forEach(p => freeLetters(p, bound, out));
  return out;
}
function hypStays(h, v) {
  h.stays ??= new Map();
  const k = v.name;
  if (!h.stays.has(k)) {
    if (!rests(h.says, k, true) && !rests(h.where, k, true)) h.stays.set(k, true);
    else if (rests(h.where, k, true)) h.stays.set(k, false);
    else { h.stays.set(k, false); h.stays.set(k, strictSmooth(h.says, v, core.stated, flatten(h.where))); }
  }
  return h.stays.get(k);
}
const factStays = (f, v, ctx) => !rests(f.cond, v.name, true) || strictSmooth(f.cond, v, ctx.hyps, []);

const NEG = 1, ZER = 2, POS = 4, ANY = 7;
const MASK = {'>': POS, '>=': POS | ZER, '==': ZER, '!=': NEG | POS};
const signOf = q => q.n > 0n ? POS : q.n < 0n ? NEG : ZER;
const flipMask = m => (m & ZER) | (m & NEG ? POS : 0) | (m & POS ? NEG : 0);
function mulMask(a, b) {
  let out = 0;
  for (const x of [NEG, ZER, POS]) if (a & x) for (const y of [NEG, ZER, POS]) if (b & y) out |= x === ZER || y === ZER ? ZER : x === y ? POS : NEG;
  return out;
}
function addMask(a, b) {
  if (a === ZER) return b;
  if (b === ZER) return a;
  if (!(a & NEG) && !(b & NEG)) return a === POS || b === POS ? POS : POS | ZER;
  if (!(a & POS) && !(b & POS)) return a === NEG || b === NEG ? NEG : NEG | ZER;
  return ANY;
}
function maskFrom(op, c, c0) {
  // t = c*F + c0 and F op 0
  if (op === '==') return signOf(c0);
  if (op === '!=') return c0.n === 0n ? NEG | POS : ANY;
  const up = c.n > 0n, s = signOf(c0);
  if (op === '>') return up ? (s === NEG ? ANY : POS) : (s === POS ? ANY : NEG);
  return up ? (s === POS ? POS : s === ZER ? POS | ZER : ANY) : (s === NEG ? NEG : s === ZER ? NEG | ZER : ANY);
}
function places(ctx, extra) {
  const out = new Map();
  const put = (size, p) => { const l = out.get(size) ?? out.set(size, []).get(size), k = placeKey(p, plainEnv); if (!l.some(q => placeKey(q, plainEnv) === k)) l.push(p); };
  for (const [id, size] of ctx.letters) put(size, {o: 'let', id, size});
  const look = (t, bound) => {
    if (t.o === 'big') bound = new Set(bound).add(t.id);
    if (t.o === 'ent') t.at.forEach((p, i) => { const s = core.entries.get(t.name)?.[i]; if (s !== undefined && p.o !== 'let' && !some(p, x => x.o === 'let' && bound.has(x.id))) put(s, p); });
    if (t.o === 'ent' && t.label && !some(t, x => x.o === 'let' && bound.has(x.id))) put(core.labels.get(t.name), t);
    parts(t).forEach(p => look(p, bound));
  };
  for (const t of extra) look(t, new Set());
  return out;
}
function instances(ctx, goal) {
  const spots = places(ctx, [goal, ...ctx.facts.map(f => f.cond)]), tag = [...spots].map(([s, l]) => s + ':' + l.map(p => placeKey(p, plainEnv))).join('|');
  ctx.cache ??= new Map();
  if (ctx.cache.has(tag)) return ctx.cache.get(tag);
  const out = [];
  const spread = (letters, use) => {
    let combos = [new Map()];
    for (const [id, size] of letters) {
      combos = combos.flatMap(m => (spots.get(size) ?? []).map(p => new Map(m).set(id, p)));
      if (combos.length > 400) combos = combos.slice(0, 400);
    }
    combos.forEach(use);
  };
  for (const h of ctx.hyps) spread(h.ids, m => {
    const where = subst(h.where, m);
    for (const f of flatten(subst(h.says, m))) out.push({...f, where, hyp: h.index});
  });
  const open = (f, depth) => {
    const c = f.cond;
    if (f.d || c.o !== 'big' || depth > 3) { out.push(f); return; }
    spread([[c.id, c.size]], m => { for (const g of flatten(subst(c.body, m))) open({...g, where: and(f.where ?? TRUE, subst(c.c, m)), hyp: f.hyp}, depth + 1); });
    out.push(f);
  };
  const all = [...ctx.facts];
  const seen = out.splice(0);
  for (const f of [...all, ...seen]) open(f, 0);
  ctx.cache.set(tag, out);
  return out;
}
let showDepth = 0;
function usable(f, ctx) {
  if (f.where && !(f.where.o === 'tf' && f.where.v)) {
    if (showDepth > 6) return false;
    if (!show(f.where, ctx)) return false;
  }
  if (f.hyp !== undefined) ctx.uses.hyps.add(f.hyp);
  return true;
}
function factMask(t, ctx) {
  const v0 = value(t, 0, 0, plainEnv), v1 = value(t, 0, 1, plainEnv);
  if (v0 === v1) { const q = fraction(v0); if (q) return signOf(q); }
  let mask = ANY;
  for (const f of instances(ctx, t)) {
    if (!f.d) continue;
    const w0 = value(f.d, 0, 0, plainEnv), w1 = value(f.d, 0, 1, plainEnv);
    if (w0 === w1) continue;
    const c = fraction(norm((v0 - v1) * inverse(w0 - w1, 0), 0));
    if (!c || c.n === 0n) continue;
    const c0 = fraction(norm(v0 - value(c, 0, 0, plainEnv) * w0, 0));
    if (!c0) continue;
    const m = maskFrom(f.op, c, c0);
    if ((mask & m) === mask) continue;
    if (usable(f, ctx)) mask &= m;
  }
  return mask;
}
function sign(t, ctx, depth = 0) {
  if (depth > 60) return ANY;
  let mask = factMask(t, ctx);
  if (mask === POS || mask === NEG || mask === ZER) return mask;
  return mask & formMask(t, ctx, depth + 1) || mask;
}
function nonempty(t, ctx) {
  if (t.c.o === 'tf') return t.c.v;
  const spots = places(ctx, [t]).get(t.size) ?? [];
  return spots.some(p => show(subst(t.c, new Map([[t.id, p]])), ctx));
}
function formMask(t, ctx, depth) {
  const S = (x, c = ctx) => sign(x, c, depth);
  switch (t.o) {
    case 'num': return signOf(t);
    case 'size': case 'let': case 'pi': return POS;
    case 'delta': return POS | ZER;
    case 'ent':
      if (t.label) return POS;
      if (core.definitions.has(t.name)) {
        const keep = ctx.uses; ctx.uses = new Uses();
        const m = S(unfold(t)), used = ctx.uses; ctx.uses = keep;
        if (m !== ANY) { ctx.uses.take(used); ctx.uses.defs.add(t.name); }
        return m;
      }
      return ANY;
    case 'add': return t.a.map(x => S(x)).reduce(addMask);
    case 'mul': return t.a.map(x => S(x)).reduce(mulMask);
    case 'if': return S(t.a, ctx.know(t.c)) | S(t.b, ctx.know(not(t.c)));
    case 'pow': {
      const n = constant(t.e);
      if (n && n.d === 1n) {
        const m = S(t.b);
        if (n.n === 0n) return POS;
        return (n.n & 1n) ? m : (m & ZER) | (m & (NEG | POS) ? POS : 0);
      }
      const m = S(t.b);
      if (m === POS) return POS;
      if (!(m & NEG)) { const e = S(t.e); if (e === POS) return m === ZER ? ZER : POS | ZER; const p = wholePoly(t.e), s = p && shownLeast(p); if (p && s !== null && s >= 0n) return POS | ZER; }
      return ANY;
    }
    case 'big': {
      if (t.k === 'all') return ANY;
      const m = S(t.body, ctx.letter(t.id, t.size).know(t.c));
      if (t.k === 'sum') {
        if (m === ZER) return ZER;
        if (!(m & NEG)) return m === POS && nonempty(t, ctx) ? POS : POS | ZER;
        if (!(m & POS)) return m === NEG && nonempty(t, ctx) ? NEG : NEG | ZER;
        return ANY;
      }
      if (t.k === 'prod') return m === POS ? POS : !(m & NEG) ? POS | ZER : !(m & ZER) ? NEG | POS : ANY;
      return m !== ANY && nonempty(t, ctx) ? m : ANY;
    }
    case 'fn': {
      const a = t.a[0];
      switch (t.f) {
        case 'exp': case 'sigmoid': case 'softplus': case 'cosh': return POS;
        case 'abs': { const m = S(a); return (m & ZER) | (m & (NEG | POS) ? POS : 0); }
        case 'relu': { const m = S(a); return (m & POS ? POS : 0) | (m & (NEG | ZER) ? ZER : 0); }
        case 'sign': case 'tanh': case 'sinh': case 'asinh': case 'atan': case 'erf': case 'detach': if (t.f === 'detach') { const m = S(a); if (m !== ANY) ctx.uses.detach = true; return m; } return S(a);
        case 'log': { const m = S(sub(a, ONE)); return m & NEG ? ANY : m; }
        case 'polygamma': return isNum(t.a[0], 1) && S(t.a[1]) === POS ? POS : ANY;
        case 'max': case 'min': {
          const top = t.f === 'max', x = S(t.a[0]), y = S(t.a[1]);
          let out = 0;
          for (const p of [NEG, ZER, POS]) if (x & p) for (const q of [NEG, ZER, POS]) if (y & q) out |= top ? Math.max(p, q) : Math.min(p, q);
          return out;
        }
      }
      return ANY;
    }
  }
  return ANY;
}
function unfold(t) {
  const d = core.definitions.get(t.name);
  return subst(d.body, new Map(d.ids.map(([id], i) => [id, t.at[i]])));
}
// with equal letters put for each other
function merged(ctx, goal) {
  if (!ctx.equalities.length) return [ctx, goal];
  let map = new Map();
  for (let [a, b] of ctx.equalities) {
    a = subst(a, map); b = subst(b, map);
    if (placeKey(a, plainEnv) === placeKey(b, plainEnv)) continue;
    let from = null, to = null;
    if (a.o === 'let' && !some(b, x => x.o === 'let' && x.id === a.id)) [from, to] = [a, b];
    else if (b.o === 'let' && !some(a, x => x.o === 'let' && x.id === b.id)) [from, to] = [b, a];
    else continue;
    const step = new Map([[from.id, to]]);
    map = new Map([...[...map].map(([k, p]) => [k, subst(p, step)]), ...step]);
  }
  const c = ctx.copy();
  c.equalities = [];
  c.facts = ctx.facts.flatMap(f => flatten(subst(f.cond, map)).map(g => ({...g, fixed: f.fixed})));
  c.uses = ctx.uses;
  return [c, subst(goal, map)];
}
function show(cond, ctx) {
  if (showDepth > 12) return false;
  showDepth++;
  try { [ctx, cond] = merged(ctx, cond); return shown(positiveForm(cond), ctx); } finally { showDepth--; }
}
function shown(c, ctx) {
  const k = condKey(c, plainEnv);
  if (k === 'T') return true;
  for (const f of instances(ctx, c)) {
    const fk = f.key ??= condKey(f.cond, plainEnv);
    if (fk === k && usable(f, ctx)) return true;
    if (fk === 'F' && (!f.where || f.where.o === 'tf') && usable(f, ctx)) return true;
  }
  switch (c.o) {
    case 'tf': return c.v;
    case 'and': return c.a.every(x => show(x, ctx));
    case 'or': return c.a.some((x, i) => show(x, c.a.reduce((h, y, j) => j === i ? h : h.know(pushNot(y)), ctx)));
    case 'big': { const t = subst(c, new Map()); return show(t.body, ctx.letter(t.id, t.size).know(t.c)); }
    case 'cmp': {
      const swap = c.op === '<' || c.op === '<=', op = {'<': '>', '<=': '>='}[c.op] ?? c.op, d = swap ? sub(c.b, c.a) : sub(c.a, c.b);
      const want = MASK[op], m = sign(d, ctx);
      if ((m & ~want) === 0) return true;
      const inner = showDepth < 8 ? distinction(c.a) ?? distinction(c.b) : null;
      if (inner) {
        const cases = asCases(inner), make = x => cmp(c.op, replaced(c.a, inner, x), replaced(c.b, inner, x));
        if (show(make(cases.a), ctx.know(cases.c)) && show(make(cases.b), ctx.know(not(cases.c)))) return true;
      }
      return throughCases(c, ctx);
    }
  }
  return false;
}
// an `or` among the facts: the goal must follow from each part
function throughCases(c, ctx) {
  const i = ctx.facts.findIndex(f => !f.d && f.cond.o === 'or' && !f.split);
  if (i < 0 || showDepth > 5) return false;
  const rest = ctx.copy();
  rest.facts = ctx.facts.filter((_, j) => j !== i);
  rest.uses = ctx.uses;
  return ctx.facts[i].cond.a.every(x => show(c, rest.know(x)));
}

// ---------------------------------------------------------------- derivatives
const TABLE = {
  exp: x => [fn('exp', x)], log: x => [inv(x), cmp('>', x, ZERO)], sin: x => [fn('cos', x)], cos: x => [neg(fn('sin', x))],
  tan: x => [pow(fn('cos', x), num(-2)), cmp('!=', fn('cos', x), ZERO)],
  asin: x => [pow(sub(ONE, pow(x, num(2))), num(-1, 2)), cmp('>', sub(ONE, pow(x, num(2))), ZERO)],
  acos: x => [neg(pow(sub(ONE, pow(x, num(2))), num(-1, 2))), cmp('>', sub(ONE, pow(x, num(2))), ZERO)],
  atan: x => [inv(add(ONE, pow(x, num(2))))], sinh: x => [fn('cosh', x)], cosh: x => [fn('sinh', x)],
  tanh: x => [sub(ONE, pow(fn('tanh', x), num(2)))], asinh: x => [pow(add(pow(x, num(2)), ONE), num(-1, 2))],
  acosh: x => [pow(sub(pow(x, num(2)), ONE), num(-1, 2)), cmp('>', sub(x, ONE), ZERO)],
  atanh: x => [inv(sub(ONE, pow(x, num(2)))), cmp('>', sub(ONE, pow(x, num(2))), ZERO)],
  erf: x => [mul(num(2), pow({o: 'pi'}, num(-1, 2)), fn('exp', neg(pow(x, num(2)))))],
  sigmoid: x => [mul(fn('sigmoid', x), sub(ONE, fn('sigmoid', x)))], softplus: x => [fn('sigmoid', x)],
  lgamma: x => [fn('polygamma', ZERO, x), cmp('>', x, ZERO)],
};
// need: what is shown here, noted in `found` (for the lists) and `asked` (for an outer derivative)
function need(cond, ctx, found, asked) {
  if (!show(cond, ctx)) refuse(`not shown: ${print(cond)}`);
  if (asked instanceof Set) asked.add({cond, ctx});
  if (found && cond.o === 'cmp' && isNum(cond.b, 0) && (cond.op === '!=' || cond.op === '>')) found.push({t: cond.a, pos: cond.op === '>', binders: ctx.binders, guards: ctx.guards});
}
function edge(a, b, ctx, asked) {
  const d = sub(a, b), lets = [...freeLetters(d)].map(([id, size]) => ({o: 'let', id, size}));
  const spots = [...lets];
  const collect = t => { if (t.o === 'ent' && t.label && ![...freeLetters(t)].some(([id]) => !freeLetters(d).has(id))) spots.push(t); parts(t).forEach(collect); };
  collect(d);
  const options = [cmp('!=', a, b)];
  for (let i = 0; i < spots.length; i++) for (let j = 0; j < i; j++) {
    const [p, q] = [spots[i], spots[j]];
    if (placeSize(p) !== placeSize(q)) continue;
    const from = p.o === 'let' ? p : q, to = p.o === 'let' ? q : p;
    if (from.o !== 'let' || some(to, x => x.o === 'let' && x.id === from.id)) continue;
    const e = subst(d, new Map([[from.id, to]]));
    if (equal(e, ZERO)) options.push(cmp('==', from, to));
  }
  need(or(...options), ctx, null, asked);
}
const comparisons = c => c.o === 'cmp' ? [[c, []]] : c.o === 'big' ? comparisons(c.body).concat(comparisons(c.c)).map(([x, b]) => [x, [[c.id, c.size], ...b]]) : parts(c).flatMap(comparisons);
// comparing f_j with the maximum over all k of f_k
function againstMaximum(a, b, ctx, v, kind, found, asked) {
  for (const [f, m] of [[a, b], [b, a]]) {
    if (m.o !== 'big' || (m.k !== 'max' && m.k !== 'min') || !(m.c.o === 'tf' && m.c.v)) continue;
    for (const p of (places(ctx, [f]).get(m.size) ?? [])) if (equal(subst(m.body, new Map([[m.id, p]])), f)) return true;
  }
  return false;
}
function conditionEdges(c, v, kind, ctx, found, asked) {
  if (!rests(c, v.name, kind === 'diff')) return;
  for (const [x, binders] of comparisons(c)) {
    if (!rests(x, v.name, kind === 'diff')) continue;
    let here = ctx;
    for (const [id, size] of binders) here = here.letter(id, size);
    derive(x.a, v, kind, here, found, asked);
    derive(x.b, v, kind, here, found, asked);
    if (!againstMaximum(x.a, x.b, here, v, kind, found, asked)) edge(x.a, x.b, here, asked);
  }
}
const distinction = t => t.o === 'if' || (t.o === 'fn' && ['max', 'min', 'relu', 'abs'].includes(t.f)) ? t
  : t.o === 'big' || t.o === 'd' ? null : parts(t).reduce((f, p) => f ?? distinction(p), null);
const asCases = t => t.o === 'if' ? t : t.f === 'relu' ? iff(cmp('>', t.a[0], ZERO), t.a[0], ZERO) : t.f === 'abs' ? iff(cmp('>', t.a[0], ZERO), t.a[0], neg(t.a[0]))
  : iff(cmp(t.f === 'max' ? '>' : '<', t.a[0], t.a[1]), t.a[0], t.a[1]);
const replaced = (t, from, to) => t === from ? to : t.o === 'big' ? big(t.k, t.id, t.size, replaced(t.c, from, to), replaced(t.body, from, to)) : rebuild(t, p => replaced(p, from, to));

function derive(t, v, kind, ctx, found, asked) {
  if (!rests(t, v.name, kind === 'diff')) return ZERO;
  const D = (x, c = ctx) => derive(x, v, kind, c, found, asked);
  switch (t.o) {
    case 'ent': {
      if (t.name === v.name) return mul(...t.at.map((p, i) => ({o: 'delta', a: p, b: v.at[i]})));
      if (kind === 'partial') return ZERO;
      ctx.uses.defs.add(t.name);
      derive(unfold(t), v, kind, ctx, null, asked);
      return {o: 'd', k: 'diff', e: t, v};
    }
    case 'add': return add(...t.a.map(x => D(x)));
    case 'mul': return add(...t.a.map((x, i) => mul(D(x), ...t.a.filter((_, j) => j !== i))));
    case 'pow': {
      const n = constant(t.e), eRests = rests(t.e, v.name, kind === 'diff'), out = [];
      if (!eRests) {
        const poly = wholePoly(t.e), least = poly ? shownLeast(poly) : null;
        if (n && n.d === 1n) { if (n.n < 0n) need(cmp('!=', t.b, ZERO), ctx, found, asked); }
        else if (poly) { if (least === null || least < 1n) need(cmp('!=', t.b, ZERO), ctx, found, asked); }
        else need(cmp('>', t.b, ZERO), ctx, found, asked);
        return mul(t.e, pow(t.b, sub(t.e, ONE)), D(t.b));
      }
      need(cmp('>', t.b, ZERO), ctx, found, asked);
      out.push(mul(t, fn('log', t.b), D(t.e)));
      if (rests(t.b, v.name, kind === 'diff')) out.push(mul(t.e, pow(t.b, sub(t.e, ONE)), D(t.b)));
      return add(...out);
    }
    case 'if': {
      const a = D(t.a, ctx.know(t.c)), b = D(t.b, ctx.know(not(t.c)));
      if (rests(t.c, v.name, kind === 'diff') && !equal(t.a, t.b)) {
        const noted = [], questions = new Set(), inner = t.c.o === 'cmp' ? distinction(t.c.a) ?? distinction(t.c.b) : null;
        try {
          conditionEdges(t.c, v, kind, ctx, noted, questions);
          if (found) found.push(...noted);
          if (asked instanceof Set) questions.forEach(q => asked.add(q));
        } catch (e) {
          if (!(e instanceof Refused) || !inner || !rests(inner, v.name, kind === 'diff')) throw e;
          // the term with that distinction made first
          const cases = asCases(inner), make = x => iff(cmp(t.c.op, replaced(t.c.a, inner, x), replaced(t.c.b, inner, x)), replaceEqual(t.a, inner, x), replaceEqual(t.b, inner, x));
          derive(iff(cases.c, make(cases.a), make(cases.b)), v, kind, ctx, null, asked);
        }
      }
      return iff(t.c, a, b);
    }
    case 'big': {
      const open = ctx.letter(t.id, t.size), inner = open.know(t.c);
      conditionEdges(t.c, v, kind, open, found, asked);
      const body = D(t.body, inner);
      if (t.k === 'sum') return big('sum', t.id, t.size, t.c, body);
      const k = {o: 'let', id: t.id, size: t.size}, m = {o: 'let', id: fresh(t.id), size: t.size}, to = new Map([[t.id, m]]);
      if (t.k === 'prod') return big('sum', t.id, t.size, t.c, mul(body, big('prod', m.id, m.size, and(subst(t.c, to), cmp('!=', m, k)), subst(t.body, to))));
      if (t.k === 'max' || t.k === 'min') {
        const far = big('all', t.id, t.size, t.c, big('all', m.id, m.size, and(subst(t.c, to), cmp('!=', m, k)), cmp('!=', t.body, subst(t.body, to))));
        need(far, ctx, null, asked);
        return big('sum', t.id, t.size, and(t.c, cmp('==', t.body, subst(t, new Map()))), body);
      }
      return refuse('no derivative of this');
    }
    case 'ufn': return add(...t.a.map((x, i) => mul({...t, n: t.n.map((c, j) => j === i ? c + 1 : c)}, D(x))));
    case 'fn': {
      if (t.f === 'max' || t.f === 'min') return D(iff(cmp(t.f === 'max' ? '>' : '<', t.a[0], t.a[1]), t.a[0], t.a[1]));
      if (t.f === 'polygamma') { need(cmp('>', t.a[1], ZERO), ctx, found, asked); return mul(fn('polygamma', add(t.a[0], ONE), t.a[1]), D(t.a[1])); }
      const x = t.a[0], dx = D(x);
      if (t.f === 'relu' || t.f === 'abs' || t.f === 'sign') {
        edge(x, ZERO, ctx, asked);
        return t.f === 'relu' ? iff(cmp('>', x, ZERO), dx, ZERO) : t.f === 'abs' ? mul(fn('sign', x), dx) : ZERO;
      }
      const [slope, condition] = TABLE[t.f]?.(x) ?? refuse(`no derivative of ${t.f}`);
      if (condition) need(condition, ctx, found, asked);
      return mul(slope, dx);
    }
    case 'd': {
      // a derivative of a derivative: the conditions of the inner one, and none of them at an edge of its own
      const inside = new Set(), inner = take(t, ctx, found, inside);
      for (const {cond, ctx: at} of inside) {
        if (asked instanceof Set) asked.add({cond, ctx: at});
        for (const [c] of comparisons(cond)) for (const side of [c.a, c.b]) derive(side, v, kind, at, null, new Set());
      }
      if (t.e.o === 'ent' && inner.o === 'd' && inner.e.o === 'ent' && inner.e.name === t.e.name && kind === 'diff') {
        if (t.k === 'diff') derive(take({...t, e: unfold(t.e)}, ctx, null, new Set()), v, kind, ctx, null, asked);
        return {o: 'd', k: kind, e: t, v};
      }
      return D(inner);
    }
  }
  return refuse('no derivative of this');
}
const replaceEqual = (t, inner, to) => t.o === inner.o && t.f === inner.f && equal(t, inner) ? to : t.o === 'big' || t.o === 'd' ? t : rebuild(t, p => replaceEqual(p, inner, to));
// a derivative taken as far as it goes
function take(t, ctx, found, asked) {
  if (t.o !== 'd') return resolve(t, ctx, found, asked);
  if (t.k === 'partial' && t.e.o === 'ent' && core.definitions.has(t.e.name) && t.e.name !== t.v.name) {
    ctx.uses.defs.add(t.e.name);
    return derive(unfold(t.e), t.v, 'partial', ctx, found, asked);
  }
  if (t.k === 'diff' && t.e.o === 'ent' && core.definitions.has(t.e.name) && t.e.name !== t.v.name && !(asked instanceof Set)) return defRests(t.e.name, t.v.name) ? t : ZERO;
  return derive(t.e, t.v, t.k, ctx, found, asked);
}
function resolve(t, ctx, found, asked) {
  if (!some(t, x => x.o === 'd')) return t;
  switch (t.o) {
    case 'd': return take(t, ctx, found, asked);
    case 'big': { const open = ctx.letter(t.id, t.size); return big(t.k, t.id, t.size, resolve(t.c, open, found, asked), resolve(t.body, open.know(t.c), found, asked)); }
    case 'if': return iff(resolve(t.c, ctx, found, asked), resolve(t.a, ctx.know(t.c), found, asked), resolve(t.b, ctx.know(not(t.c)), found, asked));
    default: return rebuild(t, p => resolve(p, ctx, found, asked));
  }
}

function print(t) {
  const P = x => print(x);
  switch (t.o) {
    case 'num': return t.d === 1n ? `${t.n}` : `${t.n}/${t.d}`;
    case 'size': return t.n;
    case 'let': return t.id.split('#')[0];
    case 'ent': case 'meta': return (t.name ?? t.n) + (t.at.length ? `[${t.at.map(P)}]` : '');
    case 'add': return `(${t.a.map(P).join(' + ')})`;
    case 'mul': return t.a.map(P).join('*');
    case 'pow': return `(${P(t.b)})**(${P(t.e)})`;
    case 'big': return `${t.k}(${P(t.body)} for ${t.id.split('#')[0]} in ${t.size}${t.c.o === 'tf' && t.c.v ? '' : ' if ' + P(t.c)})`;
    case 'fn': return `${t.f}(${t.a.map(P)})`;
    case 'ufn': return `${t.g}${t.n}(${t.a.map(P)})`;
    case 'd': return `${t.k}(${P(t.e)}, ${P(t.v)})`;
    case 'if': return `(${P(t.a)} if ${P(t.c)} else ${P(t.b)})`;
    case 'delta': return `delta(${P(t.a)}, ${P(t.b)})`;
    case 'cmp': return `${P(t.a)} ${t.op} ${P(t.b)}`;
    case 'and': case 'or': return `(${t.a.map(P).join(` ${t.o} `)})`;
    case 'not': return `not ${P(t.a)}`;
    case 'tf': return `${t.v}`;
    default: return t.o;
  }
}

// ---------------------------------------------------------------- the laws (the table of the page)
const LAWS = new Map(`
sum-add           | K F(K) G(K) ?C(K)        | sum(F[k] + G[k] for k in K if C[k]) == sum(F[k] for k in K if C[k]) + sum(G[k] for k in K if C[k])
sum-factor        | K a F(K) ?C(K)           | sum(a*F[k] for k in K if C[k]) == a*sum(F[k] for k in K if C[k])
sum-constant      | K a                      | sum(a for k in K) == K*a
sum-zero          | K ?C(K)                  | sum(0 for k in K if C[k]) == 0
sum-swap          | K M F(K,M) ?C(K) ?D(M) ?E(K,M) | sum(sum(F[k,m] for m in M if D[m] and E[k,m]) for k in K if C[k]) == sum(sum(F[k,m] for k in K if C[k] and E[k,m]) for m in M if D[m])
sum-product       | K M F(K) G(M) ?C(K) ?D(M) | sum(F[k] for k in K if C[k])*sum(G[m] for m in M if D[m]) == sum(F[k]*sum(G[m] for m in M if D[m]) for k in K if C[k])
sum-cases         | K F(K) G(K) ?C(K) ?D(K)  | sum((F[k] if C[k] else G[k]) for k in K if D[k]) == sum(F[k] for k in K if D[k] and C[k]) + sum(G[k] for k in K if D[k] and not C[k])
sum-join          | K F(K) ?C(K) ?D(K)       | sum(F[k] for k in K if C[k]) + sum(F[k] for k in K if D[k]) == sum(F[k] for k in K if C[k] or D[k]) | all(not C[k] or not D[k] for k in K)
sum-guard         | K F(K) ?C(K) ?D(K)       | sum(F[k] for k in K if C[k]) == sum(F[k] for k in K if D[k]) | all(D[k] or F[k] == 0 for k in K if C[k]) and all(C[k] or F[k] == 0 for k in K if D[k])
sum-one-place     | K j:K F(K) ?C(K)         | sum(F[k] for k in K if k == j and C[k]) == (F[j] if C[j] else 0)
sift-delta        | K j:K F(K) ?C(K)         | sum(F[k]*delta(k,j) for k in K if C[k]) == (F[j] if C[j] else 0)
split-term        | K j:K F(K) ?C(K)         | sum(F[k] for k in K if C[k]) == F[j] + sum(F[k] for k in K if C[k] and k != j) | C[j]
max-constant      | K a                      | max(a for k in K) == a
min-constant      | K a                      | min(a for k in K) == a
prod-constant     | K a                      | prod(a for k in K) == a**K
prod-factor       | K F(K) G(K) ?C(K)        | prod(F[k]*G[k] for k in K if C[k]) == prod(F[k] for k in K if C[k])*prod(G[k] for k in K if C[k])
prod-split        | K j:K F(K) ?C(K)         | prod(F[k] for k in K if C[k]) == F[j]*prod(F[k] for k in K if C[k] and k != j) | C[j]
log-of-product    | K F(K) ?C(K)             | log(prod(F[k] for k in K if C[k])) == sum(log(F[k]) for k in K if C[k]) | all(F[k] > 0 for k in K if C[k])
by-cases          | ?c a                     | a == (a if c else a)
case-holds        | ?c a b                   | (a if c else b) == a | c
case-fails        | ?c a b                   | (a if c else b) == b | not c
delta-equal       | K i:K j:K                | delta(i,j) == 1 | i == j
delta-unequal     | K i:K j:K                | delta(i,j) == 0 | i != j
delta-cases       | K i:K j:K                | delta(i,j) == (1 if i == j else 0)
equal-index       | K i:K j:K F(K)           | F[i] == F[j] | i == j
delta-substitutes | K i:K j:K F(K)           | F[i]*delta(i,j) == F[j]*delta(i,j)
equal-values      | a b                      | a == b | a == b
power-product     | a b c                    | (a*b)**c == a**c*b**c | a >= 0 and b >= 0 and c > 0
power-power       | a b c                    | (a**b)**c == a**(b*c) | a >= 0 and b > 0 and c > 0
power-sum         | a b c                    | a**(b + c) == a**b*a**c | a >= 0 and b > 0 and c > 0
log-exp           | a                        | log(exp(a)) == a
exp-log           | a                        | exp(log(a)) == a | a > 0
sigmoid-is        | a                        | sigmoid(a) == 1/(1 + exp(-a))
sigmoid-reflect   | a                        | sigmoid(a) == 1 - sigmoid(-a)
softplus-is       | a                        | softplus(a) == log(1 + exp(a))
tan-is            | a                        | tan(a) == sin(a)/cos(a)
tanh-is           | a                        | tanh(a) == sinh(a)/cosh(a)
relu-is           | a                        | relu(a) == (a if a > 0 else 0)
max-is            | a b                      | max(a, b) == (a if a > b else b)
min-is            | a b                      | min(a, b) == (a if a < b else b)
max-is-or         | a b                      | max(a, b) == (a if a >= b else b)
min-is-or         | a b                      | min(a, b) == (a if a <= b else b)
size-is           | a                        | abs(a) == a*sign(a)
sign-square       | a                        | sign(a)**2 == 1 | a != 0
sign-square-of    | a                        | a*sign(a)**2 == a
sign-inverse      | a                        | 1/sign(a) == sign(a)
sign-cube         | a                        | sign(a)**3 == sign(a)
detach-value      | a                        | detach(a) == a
log-at-1          |                          | log(1) == 0
sigmoid-at-0      |                          | sigmoid(0) == 1/2
sin-odd           | a                        | sin(a) == -sin(-a)
tan-odd           | a                        | tan(a) == -tan(-a)
sinh-odd          | a                        | sinh(a) == -sinh(-a)
tanh-odd          | a                        | tanh(a) == -tanh(-a)
atan-odd          | a                        | atan(a) == -atan(-a)
asinh-odd         | a                        | asinh(a) == -asinh(-a)
erf-odd           | a                        | erf(a) == -erf(-a)
sign-odd          | a                        | sign(a) == -sign(-a)
cos-even          | a                        | cos(a) == cos(-a)
cosh-even         | a                        | cosh(a) == cosh(-a)
abs-even          | a                        | abs(a) == abs(-a)
sin-at-0          |                          | sin(0) == 0
tan-at-0          |                          | tan(0) == 0
sinh-at-0         |                          | sinh(0) == 0
tanh-at-0         |                          | tanh(0) == 0
atan-at-0         |                          | atan(0) == 0
erf-at-0          |                          | erf(0) == 0
abs-at-0          |                          | abs(0) == 0
sign-at-0         |                          | sign(0) == 0
relu-at-0         |                          | relu(0) == 0
cos-at-0          |                          | cos(0) == 1
cosh-at-0         |                          | cosh(0) == 1
`.split('\n').filter(line => line.trim()).map(line => line.split('|').map(x => x.trim())).map(([name, vars, equation, condition]) => [name, {vars: vars.split(' ').filter(Boolean), equation, condition}]));

// law variables are ?C(K,M): a space stands only between variables
function lawOf(name) {
  const law = LAWS.get(name) ?? refuse(`unknown law ${name}`);
  if (law.left) return law;
  const metas = new Map(), letters = new Map(), order = [];
  for (const v of law.vars) {
    let m;
    if ((m = /^([A-Z])$/.exec(v)) && (v === 'K' || v === 'M')) metas.set(v, {kind: 'size', sizes: []});
    else if ((m = /^([a-z]):([KM])$/.exec(v))) letters.set(m[1], {o: 'let', id: `@${m[1]}`, size: m[2]});
    else if ((m = /^(\??)([A-Za-z])(?:\(([KM,]+)\))?$/.exec(v))) metas.set(m[2], {kind: m[1] ? 'c' : 'v', sizes: m[3] ? m[3].split(',') : []});
    else throw new Error(`law ${name}: ${v}`);
    order.push(v);
  }
  const scope = {letters, metas, hole: false};
  const two = readEquation(law.equation, scope);
  law.metas = metas; law.letters = letters;
  [law.left, law.right] = two;
  law.when = law.condition ? read(law.condition, scope, 'c') : TRUE;
  return law;
}
function readEquation(text, scope) {
  const raw = new Reader(text).all();
  if (raw.r !== 'cmp' || raw.op !== '==') throw new Error('a law is no equation: ' + text);
  const state = {holes: 0};
  return [elaborate(raw.a, scope, 'v', state), elaborate(raw.b, scope, 'v', state)];
}
// a law's text with what is put for its variables
function put(t, sizes, values, letters) {
  const go = (x, map) => {
    switch (x.o) {
      case 'size': return sizes.has(x.n) ? sizes.get(x.n) : x;
      case 'let': return map.get(x.id) ?? x;
      case 'meta': {
        const m = values.get(x.n);
        return subst(m.body, new Map(m.ids.map((id, i) => [id, go(x.at[i], map)])));
      }
      case 'big': {
        const id = fresh(x.id), size = sizes.has(x.size) ? sizes.get(x.size) : {o: 'size', n: x.size}, name = size.o === 'size' ? size.n : size.n.toString();
        const inner = new Map(map).set(x.id, {o: 'let', id, size: name});
        return big(x.k, id, name, go(x.c, inner), go(x.body, inner));
      }
      default: return rebuild(x, p => go(p, map));
    }
  };
  return go(t, letters);
}

// ---------------------------------------------------------------- moves
const sizeTerm = s => /^[0-9]/.test(s) ? num(BigInt(s)) : {o: 'size', n: s};
function readHere(text, scope, ctx, want = 'v') {
  const t = read(text, {...scope, hole: false}, want);
  inRange(t, ctx);
  return t;
}
function readPlace(text, size, scope, ctx) {
  const p = readHere(text, scope, ctx);
  fits(p, size);
  if (p.o === 'num' && p.n > 1n && core.sizes.has(size) && !show(cmp('>=', {o: 'size', n: size}, p), ctx)) refuse(`${size} >= ${p.n} is not known`);
  return p;
}
// down to the hole: what is known there, and the letters bound above it
function holeAt(t, ctx, scope) {
  if (t.o === 'hole') return {ctx, scope, direct: null};
  const hit = p => some(p, x => x.o === 'hole');
  if (t.o === 'big') {
    const open = ctx.letter(t.id, t.size), letters = new Map(scope.letters).set(t.id.split('#')[0], {o: 'let', id: t.id, size: t.size}), inner = {...scope, letters};
    return hit(t.c) ? holeAt(t.c, open, inner) : holeAt(t.body, open.know(t.c), inner);
  }
  if (t.o === 'if') return hit(t.c) ? holeAt(t.c, ctx, scope) : hit(t.a) ? holeAt(t.a, ctx.know(t.c), scope) : holeAt(t.b, ctx.know(not(t.c)), scope);
  if (t.o === 'd') {
    if (hit(t.v)) refuse('the hole stands in the variable of a derivative');
    const r = holeAt(t.e, ctx.under(t.v), scope);
    return {...r, derivs: [t, ...(r.derivs ?? [])], direct: t.e.o === 'hole' ? t : r.direct};
  }
  const at = parts(t).find(hit);
  if (!at) refuse('no hole');
  return holeAt(at, ctx, scope);
}
const plug = (t, x) => t.o === 'hole' ? x : t.o === 'big' ? big(t.k, t.id, t.size, plug(t.c, x), plug(t.body, x)) : rebuild(t, p => plug(p, x));
// numbers, when folded into the context, must not hide the hole: contexts are rebuilt with the same constructors as terms

const MOVE_KEYS = ['law', 'at', 'dir', 'put', 'left', 'right', 'number', 'nonzero', 'positive', 'because'];
function applyMove(move, line, scope, base, uses) {
  onlyKeys(move, MOVE_KEYS, 'a move');
  if (!isText(move.law)) malformed('a move has no law');
  if (move.dir !== undefined && move.dir !== 'lr' && move.dir !== 'rl') malformed('dir is lr or rl');
  const at = read(move.at ?? 'HOLE', {...scope, hole: true}, 'v');
  const found = holeAt(at, base.fresh(), scope);
  let ctx = found.ctx;
  ctx.uses = new Uses();
  inRangeAround(at, base.fresh());
  const inner = found.scope, derivs = found.derivs ?? [];
  // inside: what is found out counts letters from the hole on
  ctx = Object.assign(ctx.copy(), {binders: [], guards: [], uses: ctx.uses});
  for (const text of texts(move.because ?? [], 'because')) {
    let rest = text, sc = inner, c = ctx;
    const m = /^\s*((?:[A-Za-z_][A-Za-z_0-9]*\s+in\s+[A-Za-z_0-9]+\s*,?\s*)+):(.*)$/s.exec(text), bound = [];
    if (m) {
      for (const b of m[1].split(',').filter(x => x.trim())) {
        const [k, , s] = b.trim().split(/\s+/);
        if (!isSize(s) || noLetter(k) || inner.letters.has(k)) refuse('because: a letter over a size was expected');
        const letter = {o: 'let', id: fresh(k), size: s};
        sc = {...sc, letters: new Map(sc.letters).set(k, letter)};
        c = c.letter(letter.id, s); bound.push(letter);
      }
      rest = m[2];
    }
    const t = readHere(rest, sc, c);
    const mask = sign(t, c);
    const op = {[POS]: '>', [POS | ZER]: '>=', [ZER]: '==', [NEG | POS]: '!=', [NEG]: '<', [NEG | ZER]: '<='}[mask];
    if (!op) refuse(`because: the form of ${rest} shows no sign`);
    const fact = bound.reduceRight((f, b) => big('all', b.id, b.size, TRUE, f), cmp(op, t, ZERO));
    const used = ctx.uses;
    ctx = ctx.know(fact); ctx.guards = []; ctx.uses = used; ctx.uses.take(c.uses);
  }
  let left, right;
  const sides = () => [readHere(move.left, inner, ctx), readHere(move.right, inner, ctx)];
  const only = (...keys) => { for (const k of Object.keys(move)) if (!['law', 'at', 'dir', 'because', ...keys].includes(k)) malformed(`${move.law} has ${k}`); };
  const mustShow = c => { if (!show(c, ctx)) refuse(`not shown: ${print(c)}`); };
  switch (move.law) {
    case 'definition': {
      only('left', 'right');
      left = readHere(move.left, inner, ctx);
      if (left.o !== 'ent' || !core.definitions.has(left.name)) refuse('definition of what is not defined');
      right = unfold(left);
      ctx.uses.defs.add(left.name);
      break;
    }
    case 'given': {
      only('number', 'put');
      const h = typeof move.number === 'bigint' ? core.hypotheses[Number(move.number)] : undefined;
      if (!h) refuse('no such hypothesis');
      if (!core.stated.includes(h)) refuse('the hypothesis is not stated');
      if (!ctx.hyps.includes(h)) refuse('the hypothesis may not be used under this derivative');
      if (h.says.o !== 'cmp' || h.says.op !== '==') refuse('the hypothesis is no equation');
      const map = putPlaces(move.put, h.letters, inner, ctx);
      mustShow(subst(h.where, map));
      left = subst(h.says.a, map); right = subst(h.says.b, map);
      ctx.uses.hyps.add(h.index);
      break;
    }
    case 'lemma': {
      only('number', 'put');
      const lemma = isText(move.number) ? proved.get(move.number) : undefined;
      if (!lemma || !lemma.citable) refuse(`lemma ${move.number} is not proved`);
      const map = putPlaces(move.put, lemma.letters, inner, ctx);
      for (const c of lemma.assumes) mustShow(subst(c, map));
      left = subst(lemma.before, map); right = subst(lemma.after, map);
      ctx.uses.take(lemma.uses);
      for (const h of lemma.uses.hyps) {
        if (!core.stated.some(s => s.index === h)) refuse('the lemma rests on a hypothesis that is not stated');
        if (!ctx.hyps.some(s => s.index === h)) refuse('the lemma rests on a hypothesis that may not be used under this derivative');
      }
      break;
    }
    case 'algebra': {
      only('left', 'right', 'nonzero', 'positive');
      [left, right] = sides();
      const lists = [];
      for (const [texts_, pos] of [[move.nonzero ?? [], false], [move.positive ?? [], true]]) for (const text of texts(texts_, 'nonzero')) {
        const t = readHere(text, inner, ctx);
        mustShow(cmp(pos ? '>' : '!=', t, ZERO));
        for (const x of pos ? [t] : pieces(t)) lists.push({t: x, pos, binders: [], guards: []});
        if (pos) for (const x of pieces(t)) if (x !== t) lists.push({t: x, pos: sign(x, ctx) === POS, binders: [], guards: []});
      }
      if (!equal(left, right, closed(lists))) refuse(`not equal by value: ${move.left} and ${move.right}`);
      break;
    }
    case 'differentiate': {
      only('left', 'right');
      [left, right] = sides();
      const lists = [], a = resolve(left, ctx, lists, null), b = resolve(right, ctx, lists, null);
      if (!equal(a, b) && !equal(a, b, closed(lists.flatMap(e => [e, ...pieces(e.t).filter(x => x !== e.t).map(x => ({...e, t: x, pos: false}))])))) refuse(`the derivatives are not equal: ${print(a)} and ${print(b)}`.slice(0, 600));
      break;
    }
    case 'chain-rule': {
      only('left', 'right');
      left = readHere(move.left, inner, ctx);
      if (left.o !== 'd' || left.k !== 'diff' || left.e.o !== 'ent' || !core.definitions.has(left.e.name)) refuse('chain-rule: left is no derivative of a defined name');
      const L = left.e, v = left.v;
      if (L.name === v.name) refuse('chain-rule: the name by itself');
      const stands = d => some(d.body, x => x.o === 'ent' && x.name === v.name), terms = [];
      if (stands(core.definitions.get(L.name))) terms.push({o: 'd', k: 'partial', e: L, v});
      for (const [name, d] of core.definitions) {
        if (name === v.name || name === L.name || !stands(d) || !defRests(L.name, name)) continue;
        const lets = d.ids.map(([id, size]) => ({o: 'let', id: fresh(id), size})), m = {o: 'ent', name, at: lets};
        terms.push(lets.reduceRight((b, x) => big('sum', x.id, x.size, TRUE, b), mul({o: 'd', k: 'diff', e: L, v: m}, {o: 'd', k: 'partial', e: m, v})));
        ctx.uses.defs.add(name);
      }
      derive(left.e, v, 'diff', ctx, null, null);
      ctx.uses.defs.add(L.name);
      right = add(...terms);
      break;
    }
    default: {
      only('put');
      const law = lawOf(move.law), given = move.put ?? {};
      if (!isObject(given)) malformed('put is no object');
      const sizes = new Map(), values = new Map(), letters = new Map();
      for (const [n, m] of law.metas) if (m.kind === 'size') {
        if (!isText(given[n]) || !isSize(given[n])) refuse(`put: ${n} is no size`);
        sizes.set(n, sizeTerm(given[n]));
      }
      const sizeName = n => given[n];
      for (const [n, l] of law.letters) letters.set(l.id, readPlace(isText(given[n]) ? given[n] : refuse(`put: ${n} is missing`), sizeName(l.size), inner, ctx));
      for (const [n, m] of law.metas) if (m.kind !== 'size') {
        if (given[n] === undefined && m.kind === 'c' && m.sizes.length) { values.set(n, {ids: [], body: TRUE}); continue; }
        if (!isText(given[n])) refuse(`put: ${n} is missing`);
        let text = given[n], sc = inner, c = ctx;
        const ids = [];
        if (m.sizes.length) {
          const cut = /^\s*([A-Za-z_][A-Za-z_0-9]*(?:\s*,\s*[A-Za-z_][A-Za-z_0-9]*)*)\s*:(.*)$/s.exec(text) ?? refuse(`put: ${n} needs letters`);
          const names = cut[1].split(',').map(x => x.trim());
          if (names.length !== m.sizes.length || new Set(names).size !== names.length) refuse(`put: ${n} needs ${m.sizes.length} letters`);
          names.forEach((k, i) => {
            if (noLetter(k)) refuse(`the letter ${k} is a name`);
            const letter = {o: 'let', id: fresh(k), size: sizeName(m.sizes[i])};
            ids.push(letter.id);
            sc = {...sc, letters: new Map(sc.letters).set(k, letter)};
            c = c.letter(letter.id, letter.size);
          });
          text = cut[2];
        }
        const body = read(text, {...sc, hole: false}, m.kind);
        values.set(n, {ids, body});
      }
      for (const n of Object.keys(given)) if (!law.metas.has(n) && !law.letters.has(n)) refuse(`put: ${n} is no variable of the law`);
      const fill = t => put(t, sizes, values, letters);
      left = fill(law.left); right = fill(law.right);
      // numbers in places are looked at where they stand in the filled law
      inRange(left, ctx); inRange(right, ctx);
      mustShow(fill(law.when));
      if (move.law === 'detach-value') ctx.uses.detach = true;
    }
  }
  if (move.dir === 'rl') [left, right] = [right, left];
  // under a derivative the equation must hold wherever its variable moves
  for (const d of derivs) {
    if (ctx.uses.detach) refuse('detach-value under a derivative');
    if (d.k === 'partial' ? ctx.uses.defs.size : ctx.uses.defs.has(d.v.name)) refuse('a definition is unfolded under a derivative that holds it fixed');
  }
  if (found.direct && found.direct.k === 'partial') {
    const bare = t => t.o === 'ent' && core.definitions.has(t.name) && t.name !== found.direct.v.name;
    if (bare(left) || bare(right)) refuse('a bare defined name under partial may not be exchanged');
  }
  if (!equal(line, plug(at, left))) refuse(`the line is not the context with ${print(left).slice(0, 200)}`);
  uses.take(ctx.uses);
  return plug(at, right);
}
function inRangeAround(at, ctx) { inRange(at, ctx); }
// factors and bases of powers
function pieces(t) {
  const out = [];
  const go = x => { out.push(x); if (x.o === 'mul') x.a.forEach(y => { if (y.o !== 'num') go(y); }); else if (x.o === 'pow') { const n = constant(x.e); if (n && (n.n > 0n || (n.d === 1n && n.n !== 0n))) go(x.b); } };
  go(t);
  return out;
}
// with the products of two of the listed terms
function closed(lists) {
  const out = [...lists];
  if (lists.length <= 8) for (let i = 0; i < lists.length; i++) for (let j = 0; j < i; j++) {
    const [a, b] = [lists[i], lists[j]];
    if (a.binders.length === b.binders.length && a.binders.every(([id], k) => id === b.binders[k][0])) out.push({t: mul(a.t, b.t), pos: false, binders: a.binders, guards: [...a.guards, ...b.guards]});
  }
  return out;
}
function putPlaces(given, letters, scope, ctx) {
  given ??= {};
  if (!isObject(given)) malformed('put is no object');
  const map = new Map();
  for (const [name, letter] of letters) map.set(letter.id, readPlace(isText(given[name]) ? given[name] : refuse(`put: ${name} is missing`), letter.size, scope, ctx));
  for (const n of Object.keys(given)) if (!letters.has(n)) refuse(`put: ${n} is no letter`);
  return map;
}

// ---------------------------------------------------------------- steps
let proved = new Map();
let stepCount = 0;
let where = '';
const STEP_KEYS = ['number', 'kind', 'before', 'after', 'moves', 'substeps', 'letters', 'variables', 'assumes', 'title', 'rule', 'law', 'why', 'uses', 'conditions'];
function declare(letters) {
  const out = new Map();
  if (!isObject(letters)) malformed('letters is no object');
  for (const [k, size] of Object.entries(letters)) {
    if (!/^[A-Za-z_][A-Za-z_0-9]*$/.test(k) || noLetter(k)) refuse(`the letter ${k} is a name`);
    if (!isText(size) || !isSize(size)) refuse(`unknown size ${size}`);
    out.set(k, {o: 'let', id: fresh(k), size});
  }
  return out;
}
const contextFor = (letters, hyps, assumes) => {
  const c = new Context();
  for (const l of letters.values()) c.letters.set(l.id, l.size);
  c.hyps = hyps;
  const known = assumes.reduce((x, a) => x.know(a), c);
  known.guards = []; known.binders = [];
  known.facts = known.facts.map(f => ({...f, fixed: true}));
  return known;
};
// goes through a list of steps; gives the line reached
function runSteps(steps, line, scope, base, uses, level) {
  if (!Array.isArray(steps)) malformed('steps is no list');
  if (level > 10) malformed('more than 10 levels');
  for (const step of steps) {
    if (++stepCount > 200000) malformed('too many steps');
    onlyKeys(step, STEP_KEYS, 'a step');
    where = isText(step.number) ? step.number : '?';
    if (step.kind === 'lemma') { runLemma(step, level); continue; }
    if (step.kind !== 'chain') malformed('a step is a chain step or a lemma');
    for (const k of ['letters', 'variables', 'assumes']) if (step[k] !== undefined) malformed(`a chain step has ${k}`);
    const before = readHere(step.before, scope, base.fresh());
    if (!equal(line, before)) refuse(`before is not the line reached: ${step.before}`);
    line = runStep(step, before, scope, base, uses, level);
  }
  return line;
}
function runStep(step, before, scope, base, uses, level) {
  const moves = step.moves ?? [], inner = step.substeps ?? [], number = step.number;
  if (!Array.isArray(moves) || !Array.isArray(inner)) malformed('moves and substeps are lists');
  if (moves.length && inner.length) malformed('both moves and substeps');
  let line = before;
  for (const m of moves) line = applyMove(m, line, scope, base, uses);
  if (inner.length) line = runSteps(inner, before, scope, base, uses, level + 1);
  where = number;
  const after = readHere(step.after, scope, base.fresh());
  if (!equal(line, after)) refuse(`after is not what is reached: ${step.after}`);
  return after;
}
function runLemma(step, level) {
  if (!isText(step.number)) malformed('a lemma has no number');
  if (proved.has(step.number)) refuse(`the number ${step.number} is proved twice`);
  const letters = declare(step.letters ?? {}), vars = new Set(), number = step.number;
  for (const v of texts(step.variables ?? [], 'variables')) {
    if (!/^[A-Za-z_][A-Za-z_0-9]*$/.test(v) || noLetter(v) || letters.has(v)) refuse(`the variable ${v} is a name`);
    vars.add(v); core.taken.add(v);
  }
  const scope = {letters, vars, hole: false};
  for (const v of vars) core.entries.set(v, []);
  try {
    const assumes = texts(step.assumes ?? [], 'assumes').map(a => read(a, scope, 'c'));
    if (assumes.some(a => some(a, x => x.o === 'd'))) refuse('a derivative stands in an assumption');
    const base = contextFor(letters, core.stated, assumes), uses = new Uses();
    assumes.forEach(a => inRange(a, base.fresh()));
    const before = readHere(step.before, scope, base.fresh());
    const after = runStep(step, before, scope, base, uses, level);
    proved.set(number, {letters, assumes, before, after, uses, citable: vars.size === 0});
  } finally {
    for (const v of vars) { core.taken.delete(v); core.entries.delete(v); }
  }
}

// ---------------------------------------------------------------- the core and the witness
const CORE_KEYS = ['sizes', 'functions', 'arrays', 'labels', 'definitions', 'hypotheses', 'witness'];
function readCore(data) {
  onlyKeys(data, CORE_KEYS, 'the core');
  core = {sizes: new Set(), functions: new Map(), entries: new Map(), labels: new Map(), definitions: new Map(), hypotheses: [], taken: new Set(), stated: []};
  plainEnv = new Env(GLOBAL);
  const take_ = name => {
    if (!isText(name) || !/^[A-Za-z_][A-Za-z_0-9]*$/.test(name) || RESERVED.has(name)) malformed(`${name} is no name`);
    if (core.taken.has(name)) malformed(`the name ${name} has two meanings`);
    core.taken.add(name);
  };
  for (const s of texts(data.sizes, 'sizes')) { take_(s); core.sizes.add(s); }
  for (const [g, n] of Object.entries(data.functions ?? {})) { take_(g); if (TABLED.has(g)) malformed(`the function ${g} is another one`); if (typeof n !== 'bigint' || n < 1n || n > 100n) malformed('a function has no arguments'); core.functions.set(g, Number(n)); }
  if (!isObject(data.arrays)) malformed('arrays is no object');
  for (const [a, shape] of Object.entries(data.arrays)) { take_(a); if (a === 'pi' && Array.isArray(shape) && !shape.length) malformed('pi is a number'); texts(shape, 'a shape').forEach(s => isSize(s) || malformed(`unknown size ${s}`)); core.entries.set(a, shape); }
  core.inputs = new Map(core.entries);
  for (const [t, over] of Object.entries(data.labels ?? {})) {
    if (!isText(over) || !isSize(over)) malformed('a label over no size');
    if (!core.inputs.has(t)) malformed(`the label ${t} is no array`);
    core.labels.set(t, over);
  }
  if (!Array.isArray(data.definitions) || !Array.isArray(data.hypotheses)) malformed('definitions and hypotheses are lists');
  for (const d of data.definitions) {
    onlyKeys(d, ['name', 'letters', 'body'], 'a definition');
    const letters = declare(d.letters ?? {});
    take_(d.name);
    if (d.name === 'pi' && !letters.size) malformed('pi is a number');
    if (letters.has(d.name)) malformed('a letter is a name');
    const body = read(d.body, {letters, hole: false}, 'v');
    if (some(body, x => x.o === 'd')) malformed('a derivative stands in a definition');
    core.entries.set(d.name, [...letters.values()].map(l => l.size));
    core.definitions.set(d.name, {ids: [...letters.values()].map(l => [l.id, l.size]), body, letters});
  }
  for (const [index, h] of data.hypotheses.entries()) {
    onlyKeys(h, ['letters', 'where', 'says'], 'a hypothesis');
    const letters = declare(h.letters ?? {}), scope = {letters, hole: false};
    const says = read(h.says, scope, 'c'), cond = read(h.where ?? 'true', scope, 'c');
    if (some(says, x => x.o === 'd') || some(cond, x => x.o === 'd')) malformed('a derivative stands in a hypothesis');
    core.hypotheses.push({index, letters, ids: [...letters.values()].map(l => [l.id, l.size]), says, where: cond,
      text: h.where === undefined || cond.o === 'tf' && cond.v ? h.says : `${h.says} if ${h.where}`});
  }
  // a letter may not be a name that is declared later either
  const all = [...core.definitions.values(), ...core.hypotheses];
  for (const d of all) for (const k of d.letters.keys()) if (core.taken.has(k)) malformed(`the letter ${k} is a name`);
  for (const d of core.definitions.values()) if (some(d.body, x => x.o === 'big' && core.taken.has(x.id.split('#')[0]))) malformed('a letter is a name');
  readWitness(data.witness);
}
// exact numbers are {n, d}; floating point numbers are numbers
class Undefined extends Error {}
const Q = x => x.o === 'num' ? x : num(x);
const toFloat = x => typeof x === 'number' ? x : Number(x.n * 10n ** 20n / x.d) / 1e20 || Number(x.n) / Number(x.d);
function readWitness(w) {
  if (!isObject(w)) malformed('there is no witness');
  const sizes = new Map(), values = new Map();
  for (const s of core.sizes) { if (typeof w[s] !== 'bigint' || w[s] < 1n || w[s] > 50n) malformed(`witness: ${s}`); sizes.set(s, Number(w[s])); }
  const sizeOf = s => sizes.get(s) ?? Number(s);
  const rational = x => {
    if (typeof x === 'bigint') return num(x);
    const m = isText(x) && /^(-?[0-9]{1,18})(?:\/([0-9]{1,18}))?$/.exec(x);
    if (!m || (m[2] !== undefined && BigInt(m[2]) === 0n)) malformed('witness: no number');
    return num(BigInt(m[1]), BigInt(m[2] ?? 1));
  };
  for (const [a, shape] of core.inputs) {
    const go = (x, i) => {
      if (i === shape.length) {
        const q = rational(x);
        if (core.labels.has(a) && !(q.d === 1n && q.n >= 1n && q.n <= BigInt(sizeOf(core.labels.get(a))))) malformed(`witness: ${a} is no place`);
        return q;
      }
      if (!Array.isArray(x) || x.length !== sizeOf(shape[i])) malformed(`witness: the shape of ${a}`);
      return x.map(y => go(y, i + 1));
    };
    values.set(a, go(w[a], 0));
  }
  for (const k of Object.keys(w)) if (!sizes.has(k) && !core.inputs.has(k)) malformed(`witness: ${k}`);
  const exact = x => typeof x !== 'number';
  const ev = (t, env) => {
    const E = x => ev(x, env);
    switch (t.o) {
      case 'num': return t;
      case 'size': return num(sizes.get(t.n));
      case 'pi': return Math.PI;
      case 'let': return num(env.get(t.id));
      case 'ent': {
        const at = t.at.map(p => Number(E(p).n)), shape = core.entries.get(t.name);
        at.forEach((n, i) => { if (n < 1 || n > sizeOf(shape[i])) throw new Undefined('out of range'); });
        if (values.has(t.name)) return at.reduce((v, n) => v[n - 1], values.get(t.name));
        const d = core.definitions.get(t.name);
        return ev(d.body, new Map(d.ids.map(([id], i) => [id, at[i]])));
      }
      case 'add': return t.a.map(E).reduce((a, b) => exact(a) && exact(b) ? num(a.n * b.d + b.n * a.d, a.d * b.d) : toFloat(a) + toFloat(b));
      case 'mul': return t.a.map(E).reduce((a, b) => exact(a) && exact(b) ? num(a.n * b.n, a.d * b.d) : (exact(a) && a.n === 0n) || (exact(b) && b.n === 0n) ? ZERO : toFloat(a) * toFloat(b));
      case 'pow': {
        const b = E(t.b), e = E(t.e);
        if (exact(b) && exact(e)) {
          if (b.n === 0n) { if (e.n < 0n) throw new Undefined('0 in a denominator'); return e.n === 0n ? ONE : ZERO; }
          if (e.d === 1n && abs(e.n) < 1000n) return e.n >= 0n ? num(b.n ** e.n, b.d ** e.n) : num(b.d ** -e.n, b.n ** -e.n);
          if (e.d === 2n && b.n > 0n && abs(e.n) < 100n) {
            const root = x => { const r = BigInt(Math.round(Math.sqrt(Number(x)))); for (const y of [r - 1n, r, r + 1n]) if (y >= 0n && y * y === x) return y; return null; }, p = root(b.n), q = root(b.d);
            if (p !== null && q !== null) return e.n >= 0n ? num(p ** e.n, q ** e.n) : num(q ** -e.n, p ** -e.n);
          }
        }
        const x = toFloat(b), y = toFloat(e);
        if (x < 0 && !(exact(e) && e.d === 1n)) throw new Undefined('a power of a negative number');
        if (Math.abs(x) < 1e-9 && y <= 0) throw new Undefined('0 in a denominator');
        return x ** y;
      }
      case 'delta': { const a = E(t.a), b = E(t.b); return a.n === b.n ? ONE : ZERO; }
      case 'if': return ok(t.c, env) ? E(t.a) : E(t.b);
      case 'big': {
        const got = [];
        for (let n = 1; n <= sizeOf(t.size); n++) { const inner = new Map(env).set(t.id, n); if (ok(t.c, inner)) got.push(ev(t.body, inner)); }
        if (t.k === 'sum') return got.reduce((a, b) => exact(a) && exact(b) ? num(a.n * b.d + b.n * a.d, a.d * b.d) : toFloat(a) + toFloat(b), ZERO);
        if (t.k === 'prod') return got.reduce((a, b) => exact(a) && exact(b) ? num(a.n * b.n, a.d * b.d) : toFloat(a) * toFloat(b), ONE);
        if (!got.length) throw new Undefined('the maximum of nothing');
        return got.reduce((a, b) => (toFloat(a) < toFloat(b)) === (t.k === 'max') ? b : a);
      }
      case 'ufn': return Math.exp(t.a.map(E).reduce((s, x) => s + toFloat(x), 0));
      case 'fn': {
        const xs = t.a.map(E), x = xs[0], y = toFloat(x);
        if (t.f === 'max' || t.f === 'min') return (toFloat(xs[0]) < toFloat(xs[1])) === (t.f === 'max') ? xs[1] : xs[0];
        if (t.f === 'abs') return y < 0 ? exact(x) ? num(-x.n, x.d) : -y : x;
        if (t.f === 'relu') return y > 0 ? x : ZERO;
        if (t.f === 'detach') return x;
        if (t.f === 'sign') { if (!exact(x) && Math.abs(y) < 1e-9) throw new Undefined('sign of a rounding'); return num(Math.sign(y)); }
        if (exact(x) && x.n === 0n && t.f !== 'polygamma') {
          if (['exp', 'cos', 'cosh'].includes(t.f)) return ONE;
          if (['sin', 'tan', 'asin', 'atan', 'sinh', 'tanh', 'asinh', 'atanh', 'erf'].includes(t.f)) return ZERO;
          if (t.f === 'sigmoid') return HALF;
        }
        if (t.f === 'log' && exact(x) && x.n === x.d) return ZERO;
        const bad = c => { if (c) throw new Undefined(`${t.f} is not defined there`); };
        let out;
        switch (t.f) {
          case 'log': bad(y <= 1e-300); out = Math.log(y); break;
          case 'sigmoid': out = 1 / (1 + Math.exp(-y)); break;
          case 'softplus': out = Math.log1p(Math.exp(-Math.abs(y))) + Math.max(y, 0); break;
          case 'erf': out = erf(y); break;
          case 'lgamma': bad(y <= 0); out = lgamma(y); break;
          case 'polygamma': { const z = toFloat(xs[1]); bad(z <= 0); out = polygamma(Number(t.a[0].n), z); break; }
          default: out = Math[t.f](y);
        }
        bad(!Number.isFinite(out));
        return out;
      }
    }
    throw new Undefined(t.o);
  };
  const ok = (c, env) => {
    switch (c.o) {
      case 'tf': return c.v;
      case 'and': return c.a.every(x => ok(x, env));
      case 'or': return c.a.some(x => ok(x, env));
      case 'not': return !ok(c.a, env);
      case 'big': {
        for (let n = 1; n <= sizeOf(c.size); n++) { const inner = new Map(env).set(c.id, n); if (ok(c.c, inner) && !ok(c.body, inner)) return false; }
        return true;
      }
      case 'cmp': {
        const a = ev(c.a, env), b = ev(c.b, env);
        if (exact(a) && exact(b)) {
          const d = a.n * b.d - b.n * a.d;
          return {'==': d === 0n, '!=': d !== 0n, '<': d < 0n, '<=': d <= 0n, '>': d > 0n, '>=': d >= 0n}[c.op];
        }
        const d = toFloat(a) - toFloat(b), eps = 1e-9 * Math.max(1, Math.abs(toFloat(a)), Math.abs(toFloat(b)));
        if (!(Math.abs(d) > eps)) throw new Undefined('too near for floating point numbers');
        return {'==': false, '!=': true, '<': d < 0, '<=': d < 0, '>': d > 0, '>=': d > 0}[c.op];
      }
    }
    throw new Undefined(c.o);
  };
  core.somewhere = (letters, conds) => {
    let rows = [new Map()];
    for (const l of letters.values()) rows = rows.flatMap(r => Array.from({length: sizeOf(l.size)}, (_, n) => new Map(r).set(l.id, n + 1)));
    return rows.some(r => { try { return conds.every(c => ok(c, r)); } catch (e) { if (e instanceof Undefined) return false; throw e; } });
  };
  for (const h of core.hypotheses) {
    let rows = [new Map()];
    for (const [id, size] of h.ids) rows = rows.flatMap(r => Array.from({length: sizeOf(size)}, (_, n) => new Map(r).set(id, n + 1)));
    for (const r of rows) {
      let fine;
      try { fine = !ok(h.where, r) || ok(h.says, r); } catch (e) { if (!(e instanceof Undefined)) throw e; refuse(`the witness does not decide ${h.text}: ${e.message}`); }
      if (!fine) refuse(`the witness does not meet ${h.text}`);
    }
  }
}
function lgamma(x) { let s = 0; while (x < 12) { s -= Math.log(x); x++; } const y = 1 / (x * x); return s + (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y / 1680))) / x; }
function polygamma(n, x) {
  let s = 0, f = 1;
  for (let i = 2; i <= n; i++) f *= i;
  if (n === 0) { while (x < 12) { s -= 1 / x; x++; } const y = 1 / (x * x); return s + Math.log(x) - 0.5 / x - y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y / 240))); }
  const b = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66];
  while (x < 25) { s += f / x ** (n + 1); x++; }
  s += f / n / x ** n + f / 2 / x ** (n + 1);
  let g = f * (n + 1) / 2;
  for (let k = 0; k < b.length; k++) { s += b[k] * g / x ** (n + 2 * k + 2); g *= (n + 2 * k + 2) * (n + 2 * k + 3) / ((2 * k + 3) * (2 * k + 4)); }
  return n % 2 ? s : -s;
}
function erf(x) {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  let t = a, s = a;
  for (let n = 1; n < 300; n++) { t *= -a * a / n; const u = t / (2 * n + 1); s += u; if (Math.abs(u) < 1e-18) break; }
  return Math.sign(x) * 2 / Math.sqrt(Math.PI) * s;
}

// ---------------------------------------------------------------- records
const RECORD_KEYS = ['schema', 'status', 'objective', 'wrt', 'left', 'assumes', 'letters', 'result', 'given', 'conditions', 'domain', 'steps', 'problem', 'core',
  'reason', 'style', 'result_latex', 'matrix_form', 'introduced', 'checked'];
function checkRecord(r) {
  onlyKeys(r, RECORD_KEYS, 'the record');
  if (r.schema !== 'derivation/2') malformed('schema');
  if (r.status !== 'derived' && r.status !== 'not-derived') malformed('status');
  if ((r.result === null || r.result === undefined) !== (r.status === 'not-derived')) malformed('result and status do not fit');
  const wanted = new Set();
  for (const list of ['given', 'conditions', 'domain']) for (const t of texts(r[list], list)) wanted.add(t);
  const known = new Set(core.hypotheses.map(h => h.text));
  for (const t of wanted) if (!known.has(t)) refuse(`${t} is no hypothesis of the core`);
  core.stated = core.hypotheses.filter(h => wanted.has(h.text));
  core.hypotheses.forEach(h => { delete h.stays; });
  where = 'the claim';
  const letters = declare(r.letters ?? {}), scope = {letters, vars: new Set(), hole: false};
  let assumes = [];
  if (r.assumes !== undefined) {
    if (r.left === undefined) malformed('assumes without left');
    assumes = texts(r.assumes, 'assumes').map(a => read(a, scope, 'c'));
    if (assumes.some(a => some(a, x => x.o === 'd'))) refuse('a derivative stands in an assumption');
    if (!core.somewhere(letters, assumes)) refuse('what is assumed holds nowhere in the witness');
  }
  const base = contextFor(letters, core.stated, assumes);
  assumes.forEach(a => inRange(a, base.fresh()));
  let left;
  if (r.left !== undefined) {
    if (r.objective !== undefined || r.wrt !== undefined) malformed('both left and objective');
    left = readHere(r.left, scope, base.fresh());
  } else {
    left = readHere(r.objective, scope, base.fresh());
    if (!texts(r.wrt, 'wrt').length) malformed('wrt is empty');
    for (const v of r.wrt) {
      const e = readHere(v, scope, base.fresh());
      if (e.o !== 'ent' || e.label) refuse('wrt is no entry');
      left = {o: 'd', k: 'diff', e: left, v: e};
    }
  }
  const line = runSteps(r.steps, left, scope, base, new Uses(), 1);
  where = 'the result';
  if (r.status === 'derived' && !equal(line, readHere(r.result, scope, base.fresh()))) refuse(`the line reached is not the result ${r.result}`);
}
export function check(text) {
  const data = readJson(text);
  proved = new Map(); stepCount = 0; where = 'the core';
  if (!isObject(data)) malformed('no object');
  if (data.schema === 'derivation-set/2') {
    onlyKeys(data, ['schema', 'core', 'derivations'], 'the set');
    if (!Array.isArray(data.derivations) || !data.derivations.length) malformed('derivations');
    for (const r of data.derivations) if (isObject(r) && r.core !== undefined) malformed('a record of a set has a core');
    readCore(data.core);
    data.derivations.forEach(checkRecord);
  } else {
    if (data.core === undefined) malformed('there is no core');
    if (data.schema !== 'derivation/2') malformed('schema');
    readCore(data.core);
    checkRecord(data);
  }
}
export function verdict(text) {
  try { check(text); return 'proved'; } catch (e) {
    if (e instanceof Malformed) return `no certificate: ${e.message}`;
    if (e instanceof Refused || e instanceof RangeError) return `refused: step ${where}: ${e.message}`;
    throw e;
  }
}
if (process.argv[1]?.endsWith('second_checker.mjs')) {
  let fine = process.argv.length > 2;
  for (const file of process.argv.slice(2)) {
    // a JSON list of certificates is looked at one by one
    const text = readFileSync(file, 'utf8'), all = text.trimStart().startsWith('[') ? JSON.parse(text).map(x => JSON.stringify(x)) : [text];
    all.forEach((one, i) => {
      const v = verdict(one);
      if (v !== 'proved') fine = false;
      console.log(`${file}${all.length > 1 ? `#${i}` : ''}: ${v}`);
    });
  }
  process.exitCode = fine ? 0 : 1;
}
