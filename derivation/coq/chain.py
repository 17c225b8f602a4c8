"""The chain rule through the entries of arrays, as a lemma of the file: from linearity."""

from __future__ import annotations

from derivation.coq.derivatives import Derivatives
from derivation.coq.errors import NotExported


class Chain(Derivatives):
    """Writes ``tan_L_v d = loc_L d + sum over m of tan_L_m * loc_m d`` with its proof."""

    def chain_lemma(self, name: str, v: str, middle: list[str]) -> str:
        """``tan_name_v z d = loc_name(d) + sum over the middle of tan_name_m * loc_m(d)``."""
        made = f"chain_{self.names[name]}_{self.names[v]}"
        if made in self.made:
            return made
        self.made.add(made)
        if len(middle) > 9:
            raise NotExported("chain-rule: through more than nine names at once")
        z = self.base
        between = [
            n
            for n, d in self.theory.definitions.items()
            if n != v
            and self.theory.depends(d.body, v)
            and (n == name or self.theory.depends(self.theory.definitions[name].body, n))
        ]
        blocks = []
        for b, m in enumerate(middle):
            letters = [f"r{k}" for k in range(len(self.shape(m)))]
            places = [*letters, "0%nat", "0%nat", "0%nat"][:3]
            local = self._local(m, v, "df", letters)
            term = f"fam {b}%nat {' '.join(places)} * {local}"
            for q, s in reversed(list(zip(letters, self.shape(m), strict=True))):
                term = f"sum {self.size(s)} (fun {q} => {term})"
            blocks.append(f"({term})")
        functional = f"(fun fam : Family => {' + '.join(blocks)})"
        linear = ""
        for m in middle:
            proof = "(linear_one _ _ _ _ _)"
            for _ in self.shape(m):
                proof = f"(linear_sum _ _ (fun _ => {proof}))"
            linear = f"(linear_plus _ _ {linear} {proof})" if linear else proof
        kind = self.direction_type(v)
        script = [f"set (Sf := {functional}).", f"assert (HSf : Linear Sf) by exact {linear}."]
        for n in self.topological(between):
            script += self._between(n, v, name, middle)
        params = self.theory.definitions[name].params
        text, env = self.binders(params)
        ours = list(env.values())
        at = "".join(f" {i}" for i in ours)
        ranges = "".join(f" (H_{i} : ({i} < {self.size(p.size)})%nat)" for p, i in env.items())
        tan = self.tan(name, v)
        goal = self._family_sum(name, v, middle, at)
        hyps = " ".join([*ours, *(f"H_{i}" for i in ours)])
        script.append(
            f"exact (E_{self.names[name]} {hyps})." if hyps else f"exact E_{self.names[name]}."
        )
        inside = "\n  ".join(script)
        self.out.append(
            f"Lemma {made} : forall{self.base_binder()} (df : {kind}){text}{ranges},\n"
            f"  {tan} {z} df{at} = {self._local(name, v, 'df', ours)} + ({goal}).\n"
            f"Proof.\n  intros.\n  {inside}\nQed."
        )
        return made

    def _family_sum(self, name: str, v: str, middle: list[str], at: str) -> str:
        blocks = []
        for m in middle:
            letters = [f"r{k}" for k in range(len(self.shape(m)))]
            term = f"{self._tan_at(name, m, letters, at)} * {self._local(m, v, 'df', letters)}"
            for q, s in reversed(list(zip(letters, self.shape(m), strict=True))):
                term = f"sum {self.size(s)} (fun {q} => {term})"
            blocks.append(f"({term})")
        return " + ".join(blocks)

    def _tan_at(self, name: str, m: str, letters: list[str], at: str) -> str:
        """The derivative of an entry by the entry of m that the letters name."""
        unit = self.unit_at(letters)
        return f"({self.tan(name, m)} {self.base} {unit}{at})"

    def _local(self, name: str, v: str, direction: str, letters: list[str]) -> str:
        directions = [direction if n == v else self.zero(n) for n in self.direct(name)]
        at = "".join(f" {i}" for i in letters)
        return f"({self.loc(name)} {self.base} {' '.join(directions)}{at})"

    def topological(self, found: list[str]) -> list[str]:
        """Definitions in an order in which each comes after those it uses."""
        out: list[str] = []

        def visit(n: str) -> None:
            if n in out:
                return
            for k in self.direct(n):
                if k in found:
                    visit(k)
            out.append(n)

        for n in found:
            visit(n)
        return out

    def _between(self, n: str, v: str, name: str, middle: list[str]) -> list[str]:
        """The chain rule for a name in between, and for it as one that is cut."""
        c = self.names[n]
        definition = self.theory.definitions[n]
        ours = [f"r{k + 4}" for k in range(len(definition.params))]
        env = dict(zip(definition.params, ours, strict=True))
        text = f" ({' '.join(ours)} : nat)"
        at = "".join(f" {i}" for i in ours)
        ranges = "".join(f"({i} < {self.size(p.size)})%nat -> " for p, i in env.items())
        forall = f"forall{text}, " if ours else ""
        family = self._family(n, middle, at)
        local = self._local(n, v, "df", ours)
        z = self.base
        tan = self.tan(n, v)
        cs, ps, fams, leafs = [], [], [], []
        for k in self.direct(n):
            slots = len(self.shape(k))
            fun = f"fun {' '.join(f'q{s}' for s in range(slots))} => " if slots else ""
            ats = "".join(f" q{s}" for s in range(slots))
            d = self.names[k]
            skip = "_ " * (2 * slots)
            if k == v:
                cs.append("df")
                ps.append("df")
                fams.append(_constant_family(slots))
                leafs.append(
                    f"(fun {skip}=> through_here Sf HSf _)" if slots else "(through_here Sf HSf _)"
                )
            elif k in self.theory.definitions and self.theory.depends(
                self.theory.definitions[k].body, v
            ):
                cs.append(f"({self.tan(k, v)} {z} df)")
                ps.append(self.zero(k))
                fams.append(f"({fun}{self._cut_family(k, middle, ats)})")
                leafs.append(f"D_{d}")
            else:
                cs.append(self.zero(k))
                ps.append(self.zero(k))
                fams.append(_constant_family(slots))
                leafs.append(
                    f"(fun {skip}=> through_zero Sf HSf)" if slots else "(through_zero Sf HSf)"
                )
        self.loc(n)
        triples = " ".join(f"{x} {y} {f}" for x, y, f in zip(cs, ps, fams, strict=True))
        hyps = " ".join(f"H_{i}" for i in ours)
        script = [
            f"assert (E_{c} : {forall}{ranges}Through Sf ({tan} {z} df{at}) {local} {family}).",
            "{ intros "
            + " ".join([*ours, *(f"H_{i}" for i in ours)])
            + f"; apply (through_ext Sf _ _ _ _ (thru_{c} Sf HSf {z} {triples}\n"
            + f"      {' '.join(leafs)}"
            + f"{at} {hyps})).",
            f"  apply family_ext; intros fb f1 f2 f3; {_destruct(len(middle))}; "
            "first [reflexivity | family_zero]. }",
        ]
        if n == name:
            return script
        # as one that is cut, the name's own derivative is a delta
        cut = self._cut_family(n, middle, at)
        script.append(f"assert (D_{c} : {forall}{ranges}Through Sf ({tan} {z} df{at}) 0 {cut}).")
        if n not in middle:
            # the variable does not stand in it: its local derivative vanishes
            script.append(
                "{ intros "
                + " ".join([*ours, *(f"H_{i}" for i in ours)])
                + f"; exact (through_same Sf _ _ _ (E_{c}{at} {hyps})"
                + f" (zero_{c} {z}{at} {hyps})). }}"
            )
            return script
        own = middle.index(n)
        places = ["f1", "f2", "f3"][: len(ours)]
        deltas = " * ".join(f"delta {i} {p}" for i, p in zip(ours, places, strict=True)) or "1"
        units = self._match(["(" + deltas + ")" if b == own else "0" for b in range(len(middle))])
        script.append(
            "{ intros "
            + " ".join([*ours, *(f"H_{i}" for i in ours)])
            + f"; apply (through_cut Sf HSf _ {local} {family} {units} _ (E_{c}{at} {hyps})).\n"
            + f"    - unfold Sf; cut_units_{max(1, *(len(self.shape(m)) for m in middle))}.\n"
            + f"    - intros fb f1 f2 f3; {_destruct(len(middle))}; cbv beta iota; ring. }}"
        )
        return script

    def _match(self, cases: list[str]) -> str:
        """A family by the number of the array."""
        out = cases[-1]
        for k in range(len(cases) - 2, -1, -1):
            inner = out
            out = f"match fb with O => {cases[k]} | S fb => {inner} end"
        return f"(fun fb f1 f2 f3 : nat => {out})"

    def _family(self, n: str, middle: list[str], at: str) -> str:
        """The derivatives of a name by all entries of the middle (its own: 0)."""
        return self._match([self._entry(n, m, at) for m in middle])

    def _entry(self, n: str, m: str, at: str) -> str:
        if n == m or not self.theory.depends(self.theory.definitions[n].body, m):
            return "0"
        places = ["f1", "f2", "f3"][: len(self.shape(m))]
        return self._tan_at(n, m, places, at)

    def _cut_family(self, n: str, middle: list[str], at: str) -> str:
        cases = []
        for m in middle:
            if n == m:
                places = ["f1", "f2", "f3"][: len(self.shape(m))]
                ours = at.split()
                deltas = [f"delta {i} {p}" for i, p in zip(ours, places, strict=True)]
                cases.append("(" + (" * ".join(deltas) or "1") + ")")
            else:
                cases.append(self._entry(n, m, at))
        return self._match(cases)


def _destruct(n: int) -> str:
    pattern = "fb"
    for _ in range(n - 1):
        pattern = f"[|{pattern}]"
    return f"destruct fb as {pattern}" if n > 1 else "idtac"


def _constant_family(slots: int) -> str:
    return "(fun " + "_ " * slots + "_ _ _ _ => 0)"
