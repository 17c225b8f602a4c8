(* Finite sums, deltas, arrays with one entry changed, derivatives by dual numbers, and the
   linearity on which the chain rule through an array rests. A file has of this what it uses. *)
Require Import Reals Lra Lia ZifyBool Arith Bool FunctionalExtensionality.
From Coquelicot Require Import Coquelicot.
Open Scope R_scope.

(* ---- what the theorem is stated with ---- *)

(* f 0 + f 1 + ... + f (K - 1) *)
Fixpoint sum (K : nat) (f : nat -> R) : R :=
  match K with O => 0 | S n => sum n f + f n end.
Definition delta (i j : nat) : R := if Nat.eqb i j then 1 else 0.
(* an array with one entry replaced *)
Definition upd (z : nat -> R) (j : nat) (t : R) : nat -> R :=
  fun k => if Nat.eqb k j then t else z k.
Definition upd2 (z : nat -> nat -> R) (i j : nat) (t : R) : nat -> nat -> R :=
  fun k l => if (Nat.eqb k i && Nat.eqb l j)%bool then t else z k l.
Definition upd3 (z : nat -> nat -> nat -> R) (i j m : nat) (t : R) : nat -> nat -> nat -> R :=
  fun k l n => if (Nat.eqb k i && Nat.eqb l j && Nat.eqb n m)%bool then t else z k l n.
(* comparisons of values; those of indices are Nat.eqb, Nat.ltb and Nat.leb *)
Definition Rltb (a b : R) : bool := if Rlt_dec a b then true else false.
Definition Rleb (a b : R) : bool := if Rle_dec a b then true else false.
Definition Reqb (a b : R) : bool := if Req_EM_T a b then true else false.
Definition sigmoid (x : R) : R := / (1 + exp (- x)).
Definition relu (x : R) : R := Rmax x 0.
Definition softplus (x : R) : R := ln (1 + exp x).

(* ---- sums; those under a condition have 0 where it does not hold ---- *)

Lemma sum_ext K f g : (forall k, (k < K)%nat -> f k = g k) -> sum K f = sum K g.
Proof. induction K; intros H; simpl; [reflexivity | rewrite IHK, H; auto]. Qed.
Lemma sum_ext_if K (c : nat -> bool) f g : (forall k, (k < K)%nat -> c k = true -> f k = g k) ->
  sum K (fun k => if c k then f k else 0) = sum K (fun k => if c k then g k else 0).
Proof. intros H; apply sum_ext; intros k Hk; destruct (c k) eqn:E; auto. Qed.
Lemma sum_plus K f g : sum K (fun k => f k + g k) = sum K f + sum K g.
Proof. induction K; simpl; [ring | rewrite IHK; ring]. Qed.
Lemma sum_scal K c f : sum K (fun k => c * f k) = c * sum K f.
Proof. induction K; simpl; [ring | rewrite IHK; ring]. Qed.
Lemma sum_opp K f : sum K (fun k => - f k) = - sum K f.
Proof. induction K; simpl; [ring | rewrite IHK; ring]. Qed.
Lemma sum_zero K f : (forall k, (k < K)%nat -> f k = 0) -> sum K f = 0.
Proof. induction K; simpl; intros H; [ring | rewrite IHK, H; auto; ring]. Qed.
Lemma sum_const K c : sum K (fun _ => c) = INR K * c.
Proof. induction K; [simpl; ring | rewrite S_INR; simpl sum; rewrite IHK; ring]. Qed.
Lemma sum_plus_if K (c : nat -> bool) f g :
  sum K (fun k => if c k then f k + g k else 0)
  = sum K (fun k => if c k then f k else 0) + sum K (fun k => if c k then g k else 0).
Proof. rewrite <- sum_plus; apply sum_ext; intros k _; destruct (c k); ring. Qed.
Lemma sum_scal_if K (g : nat -> bool) c f :
  sum K (fun k => if g k then c * f k else 0) = c * sum K (fun k => if g k then f k else 0).
Proof. rewrite <- sum_scal; apply sum_ext; intros k _; destruct (g k); ring. Qed.
Lemma sum_opp_if K (c : nat -> bool) f :
  sum K (fun k => if c k then - f k else 0) = - sum K (fun k => if c k then f k else 0).
Proof. rewrite <- sum_opp; apply sum_ext; intros k _; destruct (c k); ring. Qed.
Lemma sum_swap K N f : sum K (fun i => sum N (fun j => f i j)) = sum N (fun j => sum K (fun i => f i j)).
Proof.
  induction K; simpl; [symmetry; apply sum_zero; reflexivity | rewrite IHK, <- sum_plus; reflexivity].
Qed.
Lemma sum_swap_if K N (g h : nat -> bool) (g' h' : nat -> nat -> bool) f :
  (forall i j, (i < K)%nat -> (j < N)%nat -> (g i && g' i j)%bool = (h j && h' j i)%bool) ->
  sum K (fun i => if g i then sum N (fun j => if g' i j then f i j else 0) else 0)
  = sum N (fun j => if h j then sum K (fun i => if h' j i then f i j else 0) else 0).
Proof.
  intros H; transitivity (sum K (fun i => sum N (fun j => if (g i && g' i j)%bool then f i j else 0))).
  - apply sum_ext; intros i _; destruct (g i); [reflexivity | symmetry; apply sum_zero; reflexivity].
  - rewrite sum_swap; apply sum_ext; intros j Hj; destruct (h j) eqn:E.
    + apply sum_ext; intros i Hi; rewrite H, E; auto.
    + apply sum_zero; intros i Hi; rewrite H, E; auto.
Qed.
Lemma sum_delta K j f : sum K (fun k => f k * delta k j) = if Nat.ltb j K then f j else 0.
Proof.
  induction K as [|K IH]; simpl sum; [reflexivity | rewrite IH; unfold delta].
  destruct (Nat.eqb_spec K j), (Nat.ltb_spec j K), (Nat.ltb_spec j (S K)); subst; try lia; ring.
Qed.
Lemma sum_sift K j f : (j < K)%nat -> sum K (fun k => f k * delta k j) = f j.
Proof. intros H; rewrite sum_delta, (proj2 (Nat.ltb_lt j K) H); reflexivity. Qed.
Lemma sum_one K j f : (j < K)%nat -> sum K (fun k => if Nat.eqb k j then f k else 0) = f j.
Proof.
  intros H; rewrite <- (sum_sift K j f H); apply sum_ext; intros k _; unfold delta.
  destruct (Nat.eqb k j); ring.
Qed.
Lemma sum_apart K j f : (j < K)%nat ->
  sum K f = f j + sum K (fun k => if negb (Nat.eqb k j) then f k else 0).
Proof.
  intros H; rewrite <- (sum_sift K j f H), <- sum_plus; apply sum_ext; intros k _.
  unfold delta; destruct (Nat.eqb k j); simpl; ring.
Qed.
Lemma sum_sift_if K j (c : nat -> bool) f : (j < K)%nat ->
  sum K (fun k => if c k then f k * delta k j else 0) = if c j then f j else 0.
Proof.
  intros H; rewrite <- (sum_sift K j (fun k => if c k then f k else 0) H).
  apply sum_ext; intros k _; destruct (c k); ring.
Qed.
Lemma delta_sym i j : delta i j = delta j i.
Proof. unfold delta; rewrite Nat.eqb_sym; reflexivity. Qed.
Lemma delta_refl i : delta i i = 1. Proof. unfold delta; rewrite Nat.eqb_refl; reflexivity. Qed.
Lemma sum_nonneg K f : (forall k, (k < K)%nat -> 0 <= f k) -> 0 <= sum K f.
Proof. induction K; simpl; intros P; [lra | apply Rplus_le_le_0_compat; auto]. Qed.
Lemma sum_pos_at K j f : (j < K)%nat -> (forall k, (k < K)%nat -> 0 <= f k) -> 0 < f j -> 0 < sum K f.
Proof.
  intros H P Q; rewrite (sum_apart K j f H); apply Rplus_lt_le_0_compat; [exact Q |].
  apply sum_nonneg; intros k Hk; destruct (negb (Nat.eqb k j)); [auto | lra].
Qed.
Lemma sum_pos K f : (0 < K)%nat -> (forall k, (k < K)%nat -> 0 < f k) -> 0 < sum K f.
Proof.
  intros H P; destruct K as [|K]; [lia |]; apply Rplus_le_lt_0_compat; [| auto].
  apply sum_nonneg; intros; apply Rlt_le; auto.
Qed.
Lemma if_ext_1 (c : bool) (a b d : R) : (c = true -> a = b) ->
  (if c then a else d) = (if c then b else d).
Proof. destruct c; auto. Qed.
Lemma if_ext_2 (c : bool) (d a b : R) : (c = false -> a = b) ->
  (if c then d else a) = (if c then d else b).
Proof. destruct c; auto. Qed.

(* ---- derivatives: a function, its value and its derivative at a point ---- *)

Definition Dual (f : R -> R) (x v d : R) : Prop := f x = v /\ is_derive f x d.
Lemma dual_const c x : Dual (fun _ => c) x c 0.
Proof. split; [reflexivity | apply @is_derive_const]. Qed.
Lemma dual_var x : Dual (fun t => t) x x 1. Proof. split; [reflexivity | apply @is_derive_id]. Qed.
Lemma dual_entry z j k : Dual (fun t => upd z j t k) (z j) (z k) (delta k j).
Proof.
  unfold upd, delta; destruct (Nat.eqb_spec k j); [subst; apply dual_var | apply dual_const].
Qed.
Lemma dual_entry2 z i j k l :
  Dual (fun t => upd2 z i j t k l) (z i j) (z k l) (delta k i * delta l j).
Proof.
  unfold upd2, delta; destruct (Nat.eqb_spec k i), (Nat.eqb_spec l j); subst; simpl;
    rewrite ?Rmult_0_l, ?Rmult_0_r, ?Rmult_1_l; try apply dual_const; apply dual_var.
Qed.
Lemma dual_entry3 z i j m k l n :
  Dual (fun t => upd3 z i j m t k l n) (z i j m) (z k l n) (delta k i * delta l j * delta n m).
Proof.
  unfold upd3, delta; destruct (Nat.eqb_spec k i), (Nat.eqb_spec l j), (Nat.eqb_spec n m); subst;
    simpl; rewrite ?Rmult_0_l, ?Rmult_0_r, ?Rmult_1_l, ?Rmult_0_l; try apply dual_const;
    apply dual_var.
Qed.
Lemma dual_opp f x v d : Dual f x v d -> Dual (fun t => - f t) x (- v) (- d).
Proof. intros [<- H]; split; [reflexivity | exact (is_derive_opp f x d H)]. Qed.
Lemma dual_plus f g x v w d e :
  Dual f x v d -> Dual g x w e -> Dual (fun t => f t + g t) x (v + w) (d + e).
Proof. intros [<- H] [<- G]; split; [reflexivity | exact (is_derive_plus f g x d e H G)]. Qed.
Lemma dual_plus_l c f x v d : Dual f x v d -> Dual (fun t => c + f t) x (c + v) d.
Proof.
  intros H; rewrite <- (Rplus_0_l d); exact (dual_plus (fun _ => c) f x c v 0 d (dual_const c x) H).
Qed.
Lemma dual_plus_r c f x v d : Dual f x v d -> Dual (fun t => f t + c) x (v + c) d.
Proof.
  intros H; rewrite <- (Rplus_0_r d); exact (dual_plus f (fun _ => c) x v c d 0 H (dual_const c x)).
Qed.
Lemma dual_mult f g x v w d e :
  Dual f x v d -> Dual g x w e -> Dual (fun t => f t * g t) x (v * w) (d * w + v * e).
Proof.
  intros [<- H] [<- G]; split; [reflexivity | exact (is_derive_mult f g x d e H G Rmult_comm)].
Qed.
Lemma dual_scal_l c f x v d : Dual f x v d -> Dual (fun t => c * f t) x (c * v) (c * d).
Proof. intros [<- H]; split; [reflexivity | exact (is_derive_scal f x c d H)]. Qed.
Lemma dual_scal_r c f x v d : Dual f x v d -> Dual (fun t => f t * c) x (v * c) (d * c).
Proof.
  intros [<- H]; split; [reflexivity |]; rewrite Rmult_comm.
  apply (is_derive_ext (fun t => c * f t)); [intros; apply Rmult_comm | exact (is_derive_scal f x c d H)].
Qed.
Lemma dual_comp h s f x v d :
  Dual f x v d -> is_derive h v s -> Dual (fun t => h (f t)) x (h v) (s * d).
Proof.
  intros [<- H] G; split; [reflexivity |]; rewrite Rmult_comm; exact (is_derive_comp h f x s d G H).
Qed.
(* where a function is of what vanishes identically, a kink at 0 is none *)
Lemma dual_kink h s (i j : nat) f x v d :
  Dual f x v d -> (i = j -> forall t, f t = 0) -> (i <> j -> is_derive h v s) ->
  Dual (fun t => h (f t)) x (h v) (s * d).
Proof.
  intros D Z N; destruct (Nat.eq_dec i j) as [E|E]; [| apply dual_comp; auto].
  destruct D as [<- D]; assert (d = 0) as ->.
  { rewrite <- (is_derive_unique f x d D), (Derive_ext f (fun _ => 0)); [apply Derive_const | auto]. }
  split; [reflexivity |]; rewrite Rmult_0_r.
  apply (is_derive_ext (fun _ => h 0)); [intros t; rewrite Z; auto | apply @is_derive_const].
Qed.
Lemma dual_sum K (f : nat -> R -> R) x v d :
  (forall k, (k < K)%nat -> Dual (f k) x (v k) (d k)) ->
  Dual (fun t => sum K (fun k => f k t)) x (sum K v) (sum K d).
Proof.
  induction K; intros H; simpl; [apply dual_const |].
  apply (dual_plus (fun t => sum K (fun k => f k t)) (f K)); auto.
Qed.
Lemma dual_if (c : bool) f g x v w d e :
  (c = true -> Dual f x v d) -> (c = false -> Dual g x w e) ->
  Dual (fun t => if c then f t else g t) x (if c then v else w) (if c then d else e).
Proof. destruct c; auto. Qed.
Lemma dual_derives f x v d e : Dual f x v d -> d = e -> is_derive f x e.
Proof. intros [_ H] <-; exact H. Qed.

(* a condition that depends on the variable, away from its edge: the same near the point *)
Definition Steady (b : R -> bool) (x : R) (c : bool) : Prop := locally x (fun t => b t = c).
Lemma steady_const c x : Steady (fun _ => c) x c.
Proof. unfold Steady; apply filter_forall; reflexivity. Qed.
Lemma steady_apart f g x v w d e : Dual f x v d -> Dual g x w e -> v < w ->
  locally x (fun t => f t < g t).
Proof.
  intros F G L; assert (D := dual_plus _ _ x _ _ _ _ G (dual_opp _ _ _ _ F)).
  destruct D as [E D]; assert (C := ex_derive_continuous _ _ (ex_intro _ _ D)).
  apply (filter_imp (fun t => 0 < g t + - f t)); [intros t; lra |].
  apply (C (fun u => 0 < u)); apply open_gt; rewrite E; lra.
Qed.
Lemma steady_lt f g x v w d e : Dual f x v d -> Dual g x w e -> v <> w ->
  Steady (fun t => Rltb (f t) (g t)) x (Rltb v w).
Proof.
  intros F G N; unfold Steady, Rltb; destruct (Rlt_dec v w) as [L|L].
  - apply (filter_imp _ _) with (2 := steady_apart f g x v w d e F G L).
    intros t T; destruct (Rlt_dec (f t) (g t)); [reflexivity | contradiction].
  - apply (filter_imp _ _) with (2 := steady_apart g f x w v e d G F ltac:(lra)).
    intros t T; destruct (Rlt_dec (f t) (g t)); [lra | reflexivity].
Qed.
Lemma steady_le f g x v w d e : Dual f x v d -> Dual g x w e -> v <> w ->
  Steady (fun t => Rleb (f t) (g t)) x (Rleb v w).
Proof.
  intros F G N; unfold Steady, Rleb; destruct (Rle_dec v w) as [L|L].
  - apply (filter_imp _ _) with (2 := steady_apart f g x v w d e F G ltac:(lra)).
    intros t T; destruct (Rle_dec (f t) (g t)); [reflexivity | lra].
  - apply (filter_imp _ _) with (2 := steady_apart g f x w v e d G F ltac:(lra)).
    intros t T; destruct (Rle_dec (f t) (g t)); [lra | reflexivity].
Qed.
Lemma steady_eq f g x v w d e : Dual f x v d -> Dual g x w e -> v <> w ->
  Steady (fun t => Reqb (f t) (g t)) x (Reqb v w).
Proof.
  intros F G N; unfold Steady, Reqb; destruct (Req_EM_T v w) as [L|_]; [contradiction |].
  destruct (Rlt_dec v w) as [L|L].
  - apply (filter_imp _ _) with (2 := steady_apart f g x v w d e F G L).
    intros t T; destruct (Req_EM_T (f t) (g t)); [lra | reflexivity].
  - apply (filter_imp _ _) with (2 := steady_apart g f x w v e d G F ltac:(lra)).
    intros t T; destruct (Req_EM_T (f t) (g t)); [lra | reflexivity].
Qed.
(* and what is compared is the same on both sides *)
Lemma steady_lt_kink (i j : nat) f g x v w d e :
  Dual f x v d -> Dual g x w e -> (i = j -> forall t, f t = g t) -> (i <> j -> v <> w) ->
  Steady (fun t => Rltb (f t) (g t)) x (Rltb v w).
Proof.
  intros F G S N; destruct (Nat.eq_dec i j) as [E|E]; [| apply (steady_lt f g x v w d e); auto].
  destruct F as [<- _], G as [<- _]; unfold Steady; apply filter_forall; intros t; rewrite !S by auto.
  unfold Rltb; destruct (Rlt_dec (g t) (g t)), (Rlt_dec (g x) (g x)); reflexivity || lra.
Qed.
Lemma steady_le_kink (i j : nat) f g x v w d e :
  Dual f x v d -> Dual g x w e -> (i = j -> forall t, f t = g t) -> (i <> j -> v <> w) ->
  Steady (fun t => Rleb (f t) (g t)) x (Rleb v w).
Proof.
  intros F G S N; destruct (Nat.eq_dec i j) as [E|E]; [| apply (steady_le f g x v w d e); auto].
  destruct F as [<- _], G as [<- _]; unfold Steady; apply filter_forall; intros t; rewrite !S by auto.
  unfold Rleb; destruct (Rle_dec (g t) (g t)), (Rle_dec (g x) (g x)); reflexivity || lra.
Qed.
Lemma steady_eq_kink (i j : nat) f g x v w d e :
  Dual f x v d -> Dual g x w e -> (i = j -> forall t, f t = g t) -> (i <> j -> v <> w) ->
  Steady (fun t => Reqb (f t) (g t)) x (Reqb v w).
Proof.
  intros F G S N; destruct (Nat.eq_dec i j) as [E|E]; [| apply (steady_eq f g x v w d e); auto].
  destruct F as [<- _], G as [<- _]; unfold Steady; apply filter_forall; intros t; rewrite !S by auto.
  unfold Reqb; destruct (Req_EM_T (g t) (g t)), (Req_EM_T (g x) (g x)); reflexivity || congruence.
Qed.
Lemma steady_not b x c : Steady b x c -> Steady (fun t => negb (b t)) x (negb c).
Proof. unfold Steady; apply filter_imp; intros t ->; reflexivity. Qed.
Lemma steady_and a b x c e : Steady a x c -> Steady b x e ->
  Steady (fun t => (a t && b t)%bool) x (c && e)%bool.
Proof.
  unfold Steady; intros A B; apply (filter_imp _ _) with (2 := filter_and _ _ A B); intros t [-> ->]; reflexivity.
Qed.
Lemma steady_or a b x c e : Steady a x c -> Steady b x e ->
  Steady (fun t => (a t || b t)%bool) x (c || e)%bool.
Proof.
  unfold Steady; intros A B; apply (filter_imp _ _) with (2 := filter_and _ _ A B); intros t [-> ->]; reflexivity.
Qed.
Lemma dual_near f g x v d : locally x (fun t => f t = g t) -> Dual f x v d -> Dual g x v d.
Proof.
  intros H [<- D]; split; [symmetry; exact (locally_singleton x _ H) |].
  exact (is_derive_ext_loc f g x d H D).
Qed.
Lemma dual_case b (c : bool) f g x v w d e :
  Steady b x c -> (c = true -> Dual f x v d) -> (c = false -> Dual g x w e) ->
  Dual (fun t => if b t then f t else g t) x (if c then v else w) (if c then d else e).
Proof.
  intros B F G; destruct c; [apply (dual_near f) | apply (dual_near g)]; auto;
    revert B; unfold Steady; apply filter_imp; intros t ->; reflexivity.
Qed.
Lemma Rmax_case a b : (if Rltb b a then a else b) = Rmax a b.
Proof. unfold Rltb; destruct (Rlt_dec b a); [rewrite Rmax_left | rewrite Rmax_right]; lra. Qed.
Lemma Rmin_case a b : (if Rltb a b then a else b) = Rmin a b.
Proof. unfold Rltb; destruct (Rlt_dec a b); [rewrite Rmin_left | rewrite Rmin_right]; lra. Qed.
Lemma dual_max f g x v w d e : Dual f x v d -> Dual g x w e -> v <> w ->
  Dual (fun t => Rmax (f t) (g t)) x (Rmax v w) (if Rltb w v then d else e).
Proof.
  intros F G N; rewrite <- Rmax_case.
  apply (dual_near (fun t => if Rltb (g t) (f t) then f t else g t)).
  - apply filter_forall; intros t; apply Rmax_case.
  - apply dual_case; auto; apply (steady_lt g f x w v e d); auto.
Qed.
Lemma dual_min f g x v w d e : Dual f x v d -> Dual g x w e -> v <> w ->
  Dual (fun t => Rmin (f t) (g t)) x (Rmin v w) (if Rltb v w then d else e).
Proof.
  intros F G N; rewrite <- Rmin_case.
  apply (dual_near (fun t => if Rltb (f t) (g t) then f t else g t)).
  - apply filter_forall; intros t; apply Rmin_case.
  - apply dual_case; auto; apply (steady_lt f g x v w d e); auto.
Qed.

Lemma dual_max_kink (i j : nat) f g x v w d e :
  Dual f x v d -> Dual g x w e -> (i = j -> forall t, f t = g t) -> (i <> j -> v <> w) ->
  Dual (fun t => Rmax (f t) (g t)) x (Rmax v w) (if Rltb w v then d else e).
Proof.
  intros F G S N; rewrite <- Rmax_case.
  apply (dual_near (fun t => if Rltb (g t) (f t) then f t else g t)).
  - apply filter_forall; intros t; apply Rmax_case.
  - apply dual_case; auto; apply (steady_lt_kink i j g f x w v e d); auto; [intros; symmetry | intros; apply not_eq_sym]; auto.
Qed.
Lemma dual_min_kink (i j : nat) f g x v w d e :
  Dual f x v d -> Dual g x w e -> (i = j -> forall t, f t = g t) -> (i <> j -> v <> w) ->
  Dual (fun t => Rmin (f t) (g t)) x (Rmin v w) (if Rltb v w then d else e).
Proof.
  intros F G S N; rewrite <- Rmin_case.
  apply (dual_near (fun t => if Rltb (f t) (g t) then f t else g t)).
  - apply filter_forall; intros t; apply Rmin_case.
  - apply dual_case; auto; apply (steady_lt_kink i j f g x v w d e); auto; intros; auto.
Qed.

Lemma d_exp v : is_derive exp v (exp v). Proof. apply is_derive_exp. Qed.
Lemma d_ln v : 0 < v -> is_derive ln v (/ v). Proof. apply is_derive_ln. Qed.
Lemma d_inv v : v <> 0 -> is_derive Rinv v (- / (v * v)).
Proof. intros H; auto_derive; [exact H | field; exact H]. Qed.
Lemma d_pow n v m : INR (S n) = m -> is_derive (fun t => t ^ S n) v (m * v ^ n).
Proof. intros <-; auto_derive; [trivial |]; rewrite Rmult_1_l; reflexivity. Qed.
Lemma d_sqrt v : 0 < v -> is_derive sqrt v (/ (2 * sqrt v)).
Proof. intros H; auto_derive; [exact H | field; apply Rgt_not_eq, sqrt_lt_R0, H]. Qed.
Lemma d_sin v : is_derive sin v (cos v). Proof. auto_derive; [trivial | ring]. Qed.
Lemma d_cos v : is_derive cos v (- sin v). Proof. auto_derive; [trivial | ring]. Qed.
Lemma d_tan v : cos v <> 0 -> is_derive tan v (/ (cos v ^ 2)).
Proof.
  intros H; unfold tan; auto_derive; [exact H |].
  assert (E := sin2_cos2 v); unfold Rsqr in E; field_simplify; [| exact H | exact H]; f_equal; nra.
Qed.
Lemma d_atan v : is_derive atan v (/ (1 + v ^ 2)).
Proof. assert (H := pow2_ge_0 v); auto_derive; [trivial | field; lra]. Qed.
Lemma d_sinh v : is_derive sinh v (cosh v).
Proof. unfold cosh, sinh; auto_derive; [trivial | field]. Qed.
Lemma d_cosh v : is_derive cosh v (sinh v).
Proof. unfold cosh, sinh; auto_derive; [trivial | field]. Qed.
Lemma d_sigmoid v : is_derive sigmoid v (sigmoid v * (1 - sigmoid v)).
Proof. assert (H := exp_pos (- v)); unfold sigmoid; auto_derive; [lra | field; lra]. Qed.
Lemma d_softplus v : is_derive softplus v (sigmoid v).
Proof.
  assert (H := exp_pos v); unfold softplus, sigmoid; auto_derive; [lra |].
  rewrite exp_Ropp; field; split; lra.
Qed.
Lemma d_tanh v : is_derive tanh v (1 - tanh v ^ 2).
Proof.
  assert (P : forall t, exp t + exp (- t) <> 0).
  { intros t; assert (H := exp_pos t); assert (G := exp_pos (- t)); lra. }
  apply (is_derive_ext (fun t => (exp t - exp (- t)) / (exp t + exp (- t)))).
  { intros t; unfold tanh, sinh, cosh; change (@eq R ((exp t - exp (- t)) / (exp t + exp (- t)))
      ((exp t - exp (- t)) / 2 / ((exp t + exp (- t)) / 2))); field; apply P. }
  auto_derive; [apply P | unfold tanh, sinh, cosh; field; apply P].
Qed.
Lemma d_rpower a v : 0 < v -> is_derive (fun t => Rpower t a) v (a * Rpower v (a - 1)).
Proof.
  intros H; unfold Rpower; auto_derive; [exact H |].
  replace ((a - 1) * ln v) with (a * ln v + - ln v) by ring.
  rewrite exp_plus, exp_Ropp, exp_ln by exact H; field; lra.
Qed.
Lemma d_expo a v : 0 < a -> is_derive (fun t => Rpower a t) v (Rpower a v * ln a).
Proof. intros _; unfold Rpower; auto_derive; [trivial | ring]. Qed.
Lemma d_abs v : v <> 0 -> is_derive Rabs v (sign v).
Proof.
  intros H; destruct (Rtotal_order v 0) as [L|[E|G]]; [| contradiction |].
  - rewrite (sign_eq_m1 v L); apply (is_derive_ext_loc Ropp).
    + apply (locally_interval _ v m_infty 0); simpl; auto; intros y _ Y; rewrite Rabs_left; auto.
    + auto_derive; [trivial | ring].
  - rewrite (sign_eq_1 v G); apply (is_derive_ext_loc (fun t => t)).
    + apply (locally_interval _ v 0 p_infty); simpl; auto; intros y Y _; rewrite Rabs_right; lra.
    + auto_derive; [trivial | ring].
Qed.
Lemma d_relu v : v <> 0 -> is_derive relu v (if Rltb 0 v then 1 else 0).
Proof.
  intros H; unfold relu.
  exact (proj2 (dual_max (fun t => t) (fun _ => 0) v v 0 1 0 (dual_var v) (dual_const 0 v) H)).
Qed.

(* ---- the chain rule through arrays ---- *)

(* a family of numbers: one for each entry (up to three indices) of each of several arrays *)
Definition Family := nat -> nat -> nat -> nat -> R.
Definition Linear (S : Family -> R) : Prop :=
  (forall f g, S (fun b i j k => f b i j k + g b i j k) = S f + S g) /\
  (forall c f, S (fun b i j k => c * f b i j k) = c * S f) /\
  (forall c f, S (fun b i j k => f b i j k * c) = S f * c) /\
  (forall f, S (fun b i j k => - f b i j k) = - S f).
(* c is p and what the linear S makes of the family a *)
Definition Through (S : Family -> R) (c p : R) (a : Family) : Prop := c = p + S a.
Lemma linear_one b i j k w : Linear (fun a => a b i j k * w).
Proof. repeat split; intros; ring. Qed.
Lemma linear_plus S T : Linear S -> Linear T -> Linear (fun a => S a + T a).
Proof.
  intros (A & B & C & D) (A' & B' & C' & D').
  repeat split; intros; rewrite ?A, ?A', ?B, ?B', ?C, ?C', ?D, ?D'; ring.
Qed.
Lemma linear_sum K (S : nat -> Family -> R) :
  (forall k, Linear (S k)) -> Linear (fun a => sum K (fun k => S k a)).
Proof.
  intros H; induction K; simpl; [repeat split; intros; ring | apply linear_plus; [exact IHK | apply H]].
Qed.
Lemma family_ext (a b : Family) : (forall n i j k, a n i j k = b n i j k) -> a = b.
Proof. intros H; repeat (apply functional_extensionality_dep; intros ?); apply H. Qed.
Lemma through_ext S c p a b : Through S c p a -> a = b -> Through S c p b.
Proof. intros H <-; exact H. Qed.
Lemma through_same S c p a : Through S c p a -> p = 0 -> Through S c 0 a.
Proof. unfold Through; intros -> ->; reflexivity. Qed.
Lemma through_zero S (HS : Linear S) : Through S 0 0 (fun _ _ _ _ => 0).
Proof.
  assert (H := proj1 (proj2 HS) 0 (fun _ _ _ _ => 0)); unfold Through; cbv beta in H.
  rewrite !Rmult_0_l in H; lra.
Qed.
Lemma through_here S (HS : Linear S) d : Through S d d (fun _ _ _ _ => 0).
Proof. assert (H := through_zero S HS); unfold Through in *; lra. Qed.
Lemma through_plus S (HS : Linear S) c p a c' p' a' : Through S c p a -> Through S c' p' a' ->
  Through S (c + c') (p + p') (fun b i j k => a b i j k + a' b i j k).
Proof. unfold Through; intros -> ->; rewrite (proj1 HS); ring. Qed.
Lemma through_scal_l S (HS : Linear S) w c p a : Through S c p a ->
  Through S (w * c) (w * p) (fun b i j k => w * a b i j k).
Proof. unfold Through; intros ->; rewrite (proj1 (proj2 HS)); ring. Qed.
Lemma through_scal_r S (HS : Linear S) w c p a : Through S c p a ->
  Through S (c * w) (p * w) (fun b i j k => a b i j k * w).
Proof. unfold Through; intros ->; rewrite (proj1 (proj2 (proj2 HS))); ring. Qed.
Lemma through_opp S (HS : Linear S) c p a : Through S c p a ->
  Through S (- c) (- p) (fun b i j k => - a b i j k).
Proof. unfold Through; intros ->; rewrite (proj2 (proj2 (proj2 HS))); ring. Qed.
Lemma through_sum S (HS : Linear S) K c p (a : nat -> Family) :
  (forall k, (k < K)%nat -> Through S (c k) (p k) (a k)) ->
  Through S (sum K c) (sum K p) (fun b i j l => sum K (fun k => a k b i j l)).
Proof.
  induction K; intros H; simpl; [apply through_zero, HS |].
  apply (through_plus S HS _ _ (fun b i j l => sum K (fun k => a k b i j l))); auto.
Qed.
Lemma through_if S (g : bool) c p a c' p' a' :
  (g = true -> Through S c p a) -> (g = false -> Through S c' p' a') ->
  Through S (if g then c else c') (if g then p else p')
    (fun b i j k => if g then a b i j k else a' b i j k).
Proof. destruct g; auto. Qed.
(* what is cut: the family is changed where its own entry stands *)
Lemma through_cut S (HS : Linear S) c p a u a' : Through S c p a -> S u = p ->
  (forall b i j k, a b i j k + u b i j k = a' b i j k) -> Through S c 0 a'.
Proof. unfold Through; intros -> H G; rewrite <- (family_ext _ _ G), (proj1 HS), H; ring. Qed.
Lemma sift_one K i f : (i < K)%nat -> sum K (fun k => delta i k * f k) = f i.
Proof.
  intros H; rewrite <- (sum_sift K i f H); apply sum_ext; intros k _; rewrite delta_sym; ring.
Qed.
Lemma sift_two K N i j f : (i < K)%nat -> (j < N)%nat ->
  sum K (fun k => sum N (fun l => delta i k * delta j l * f k l)) = f i j.
Proof.
  intros H G; rewrite <- (sift_one K i (fun k => f k j) H); apply sum_ext; intros k _.
  rewrite <- (sift_one N j (f k) G), <- sum_scal; apply sum_ext; intros; ring.
Qed.
Lemma sift_three K N M i j l f : (i < K)%nat -> (j < N)%nat -> (l < M)%nat ->
  sum K (fun a => sum N (fun b => sum M (fun c => delta i a * delta j b * delta l c * f a b c)))
  = f i j l.
Proof.
  intros H G I; rewrite <- (sift_one K i (fun a => f a j l) H); apply sum_ext; intros a _.
  rewrite <- (sift_two N M j l (f a) G I), <- sum_scal; apply sum_ext; intros b _.
  rewrite <- sum_scal; apply sum_ext; intros; ring.
Qed.

(* ---- signs ---- *)

Create HintDb signs.
Lemma inv_nonneg a : 0 <= a -> 0 <= / a.
Proof. intros [H| <-]; [apply Rlt_le, Rinv_0_lt_compat, H | rewrite Rinv_0; apply Rle_refl]. Qed.
Lemma pos_nz a : 0 < a -> a <> 0. Proof. lra. Qed.
Lemma pos_from a : 0 <= a -> a <> 0 -> 0 < a. Proof. lra. Qed.
Lemma nz_left a b : a * b <> 0 -> a <> 0. Proof. intros H E; apply H; rewrite E; ring. Qed.
Lemma nz_right a b : a * b <> 0 -> b <> 0. Proof. intros H E; apply H; rewrite E; ring. Qed.
Lemma nz_inv a : / a <> 0 -> a <> 0. Proof. intros H E; apply H; rewrite E; exact Rinv_0. Qed.
Lemma even_nonneg n a : 0 <= a ^ (2 * n). Proof. rewrite pow_mult; apply pow_le, pow2_ge_0. Qed.
Lemma ln_above x : 0 < x -> 0 < ln (1 + x).
Proof. intros H; rewrite <- ln_1; apply ln_increasing; lra. Qed.
Lemma ln_from x : 0 <= x -> 0 <= ln (1 + x).
Proof. intros [H| <-]; [apply Rlt_le, ln_above, H | rewrite Rplus_0_r, ln_1; apply Rle_refl]. Qed.
Lemma sigmoid_reflection x : sigmoid x = 1 + - sigmoid (- x).
Proof.
  unfold sigmoid; rewrite Ropp_involutive, exp_Ropp; assert (H := exp_pos x); field; split; lra.
Qed.
Lemma sigmoid_pos x : 0 < sigmoid x.
Proof. unfold sigmoid; assert (H := exp_pos (- x)); apply Rinv_0_lt_compat; lra. Qed.
Lemma softplus_pos x : 0 < softplus x. Proof. apply ln_above, exp_pos. Qed.
Lemma sigmoid_below x : 0 < 1 + - sigmoid x.
Proof.
  rewrite <- (Ropp_involutive x), (sigmoid_reflection (- - x)); assert (H := sigmoid_pos (- - - x)); lra.
Qed.
Lemma tanh_below x : 0 < 1 + - tanh x ^ 2.
Proof.
  assert (H := exp_pos x); assert (G := exp_pos (- x)); unfold tanh, sinh, cosh.
  replace (1 + - ((exp x - exp (- x)) / 2 / ((exp x + exp (- x)) / 2)) ^ 2)
    with (4 * (exp x * exp (- x)) / (exp x + exp (- x)) ^ 2) by (field; lra).
  apply Rdiv_lt_0_compat; [nra | apply pow_lt; lra].
Qed.
Lemma cosh_pos x : 0 < cosh x.
Proof. assert (H := exp_pos x); assert (G := exp_pos (- x)); unfold cosh; lra. Qed.
Lemma Rleb_refl a : Rleb a a = true.
Proof. unfold Rleb; destruct (Rle_dec a a) as [_|N]; [reflexivity | destruct N; lra]. Qed.
(* an index is in range; a condition on indices holds *)
Ltac rng := first [assumption | solve [auto] | cbv beta in *; lia].
(* an assumption, for the indices at hand *)
Ltac by_hyp := match goal with
  | H : _ |- _ => solve [apply H; rng]
  | H : _ |- _ <> 0 => solve [apply pos_nz; apply H; rng]
  | H : _ |- _ <> _ => solve [apply not_eq_sym; apply H; rng]
  end.
(* an assumption on the same sum, written a little differently *)
Lemma like_nz a b : b <> 0 -> a = b -> a <> 0. Proof. intros H ->; exact H. Qed.
Lemma like_pos a b : 0 < b -> a = b -> 0 < a. Proof. intros H ->; exact H. Qed.
Ltac reorder := cbv beta; repeat (apply sum_ext; intros); repeat match goal with
  | |- context [if ?c then _ else _] => destruct c eqn:? end; first [ring | exfalso; lia].
Ltac by_like := match goal with
  | H : _ |- _ <> 0 => solve [apply (like_nz _ _ H); reorder | apply (like_nz _ _ (pos_nz _ H)); reorder]
  | H : _ |- 0 < _ => solve [apply (like_pos _ _ H); reorder]
  | H : _, I : (_ < _)%nat |- _ <> 0 => solve
      [apply (like_nz _ _ (H _ I)); reorder | apply (like_nz _ _ (pos_nz _ (H _ I))); reorder]
  | H : _, I : (_ < _)%nat |- 0 < _ => solve [apply (like_pos _ _ (H _ I)); reorder]
  end.
(* 0 <= a, 0 < a, a <> 0 *)
Ltac nn := first
  [ assumption
  | lazymatch goal with
    | |- 0 <= ?a * ?a => apply Rle_0_sqr
    | |- 0 <= _ ^ 2 => apply pow2_ge_0
    | |- 0 <= _ ^ 4 => apply (even_nonneg 2) (* fourth *)
    | |- 0 <= sum _ _ => apply sum_nonneg; intros; nn
    | |- 0 <= _ + _ => apply Rplus_le_le_0_compat; nn
    | |- 0 <= sqrt _ => apply sqrt_pos (* sqrt *)
    | |- 0 <= relu _ => apply Rmax_r (* relu *)
    | |- 0 <= Rabs _ => apply Rabs_pos (* Rabs *)
    | |- 0 <= ln (1 + _) => apply ln_from; nn (* log1p *)
    | |- 0 <= _ * _ => apply Rmult_le_pos; nn
    | |- 0 <= / _ => apply inv_nonneg; nn (* divided *)
    | |- 0 <= _ ^ _ => apply pow_le; nn
    | |- 0 <= delta ?i ?j => unfold delta; destruct (Nat.eqb i j); lra
    | |- 0 <= INR _ => apply pos_INR (* INR *)
    | |- 0 <= (if ?c then _ else _) => destruct c; nn (* if *)
    end
  | solve [auto with signs]
  | solve [apply Rlt_le; pos]
  | by_hyp
  | lra ]
with some_pos := match goal with H : (?n < ?K)%nat |- 0 < sum ?K _ => (* guarded *)
    solve [apply (sum_pos_at _ n); [exact H | (* guarded *)
      intros; match goal with |- context [if ?c then _ else _] => destruct c; nn end | (* guarded *)
      match goal with |- context [if ?c then _ else _] => first (* guarded *)
        [ replace c with true by (symmetry; lia) | rewrite Rleb_refl ] end; pos]] end (* guarded *)
with pos := first
  [ assumption
  | lazymatch goal with
    | |- 0 < exp _ => apply exp_pos
    | |- 0 < sigmoid _ => apply sigmoid_pos (* sigmoid *)
    | |- 0 < 1 + - sigmoid _ => apply sigmoid_below (* sigmoid *)
    | |- 0 < 1 - sigmoid _ => apply sigmoid_below (* sigmoid *)
    | |- 0 < softplus _ => apply softplus_pos (* softplus *)
    | |- 0 < 1 + - tanh _ ^ 2 => apply tanh_below (* tanh *)
    | |- 0 < cosh _ => apply cosh_pos (* cosh *)
    | |- 0 < PI => apply PI_RGT_0 (* PI *)
    | |- 0 < Rpower _ _ => apply exp_pos (* Rpower *)
    | |- 0 < sqrt _ => apply sqrt_lt_R0; pos (* sqrt *)
    | |- 0 < ln (1 + _) => apply ln_above; pos (* log1p *)
    | |- 0 < INR _ => apply lt_0_INR; rng (* INR *)
    | |- 0 < _ * _ => apply Rmult_lt_0_compat; pos
    | |- 0 < / _ => apply Rinv_0_lt_compat; pos
    | |- 0 < _ ^ _ => apply pow_lt; pos
    | |- 0 < sum _ (fun k => if _ then _ else 0) => some_pos (* guarded *)
    | |- 0 < sum _ _ => apply sum_pos; [rng | intros; pos]
    | |- 0 < _ + _ => first [ apply Rplus_lt_0_compat; pos | apply Rplus_le_lt_0_compat; [nn | pos]
        | apply Rplus_lt_le_0_compat; [pos | nn] | lra ]
    end
  | solve [auto with signs]
  | by_hyp
  | lazymatch goal with |- 0 < sum _ _ => first [by_like | (* summed *)
      apply pos_from; [apply sum_nonneg; intros; nn | first [by_hyp | by_like]]] end (* summed *)
  | lra ].
Ltac nz1 := first
  [ assumption
  | apply pos_nz; solve [pos]
  | by_hyp
  | lazymatch goal with
    | |- _ * _ <> 0 => apply Rmult_integral_contrapositive_currified; nz1
    | |- / _ <> 0 => apply Rinv_neq_0_compat; nz1
    | |- _ ^ _ <> 0 => apply pow_nonzero; nz1
    | |- - _ <> 0 => apply Ropp_neq_0_compat; nz1
    | |- (if ?c then _ else _) <> 0 => destruct c; nz1 (* if *)
    end
  | solve [auto with signs]
  | lazymatch goal with |- sum _ _ <> 0 => by_like end (* summed *)
  | eapply nz_left; by_hyp (* products *)
  | eapply nz_right; by_hyp (* products *)
  | apply nz_inv; eapply nz_right; by_hyp (* products *)
  | eapply nz_left; eapply nz_left; by_hyp (* products *)
  | eapply nz_right; eapply nz_left; by_hyp (* products *)
  | lra ].
Ltac nz := unfold Rdiv in *; repeat match goal with |- _ /\ _ => split end; nz1.
Ltac side := first [rng | lazymatch goal with
  | |- _ <> 0 => nz | |- 0 < _ => pos | |- 0 <= _ => nn | |- _ -> _ => intros; side end | by_hyp].
(* two values differ, by an assumption that may be written another way *)
Lemma gap_apart a b : a + - b <> 0 -> a <> b. Proof. intros H E; apply H; rewrite E; ring. Qed.
Lemma gap_apart_back a b : b + - a <> 0 -> a <> b. Proof. intros H E; apply H; rewrite E; ring. Qed.
Ltac apart := first [ by_hyp | lra | solve [apply gap_apart; nz] | solve [apply gap_apart_back; nz]
  | match goal with H : _ |- _ <> _ =>
  let E := fresh in solve [intros E; apply H; first [rng | lra | nra]] end ].

(* ---- tactics ---- *)

Lemma pow_exp a n : exp a ^ n = exp (INR n * a).
Proof.
  induction n; simpl pow; [simpl; rewrite Rmult_0_l, exp_0; reflexivity |].
  rewrite IHn, <- exp_plus, S_INR; f_equal; ring.
Qed.
Ltac exps := unfold Rminus, Rdiv; rewrite ?Ropp_plus_distr, ?Ropp_involutive, ?exp_plus, ?exp_Ropp.
(* squares of roots *)
Ltac roots := repeat match goal with
  | |- context [sqrt ?a] => lazymatch goal with H : sqrt a ^ 2 = a |- _ => fail | _ => idtac end;
      assert (sqrt a ^ 2 = a) by (apply pow2_sqrt; nn)
  end.
Ltac with_roots := roots; repeat match goal with
  | H : sqrt ?a ^ 2 = ?a |- _ => first
      [ exact H | symmetry; exact H | solve [ring [H]] | solve [field [H]; nz]
      | solve [field_simplify_eq; [ring [H] | nz]] ]
  end.
Lemma Rpower_less_one a : 0 < a -> Rpower a (-1) = / a.
Proof. intros H; replace (-1) with (- (1)) by lra; rewrite Rpower_Ropp, Rpower_1 by exact H; reflexivity. Qed.
Ltac rpowers := unfold Rminus, Rdiv;
  rewrite ?Rpower_plus, ?Rpower_Ropp, ?Rpower_less_one, ?Rpower_1 by pos; first [ring | field; nz].
Lemma exp_two a : exp (2 * a) = exp a ^ 2.
Proof. replace (2 * a) with (a + a) by ring; rewrite exp_plus; ring. Qed.
Lemma exp_minus_two a : exp (-2 * a) = / exp a ^ 2.
Proof. replace (-2 * a) with (- (2 * a)) by ring; rewrite exp_Ropp, exp_two; reflexivity. Qed.
Ltac alg0 := first [reflexivity | ring | solve [field; nz]].
(* inverses as they stand: what holds whatever 1/0 is *)
Ltac hide := unfold Rdiv; repeat match goal with
  | |- context [Rinv ?a] => lazymatch a with IZR _ => fail | _ => generalize (Rinv a); intros ? end
  end.
(* only those of what is not known to differ from 0 *)
Ltac hide_unknown := unfold Rdiv; repeat match goal with
  | |- context [Rinv ?a] => lazymatch a with IZR _ => fail | _ => idtac end;
      lazymatch goal with H : a <> 0 |- _ => fail | _ => idtac end;
      first [assert (a <> 0) by nz | generalize (Rinv a); intros ?]
  end.
Ltac alg := cbv beta; first
  [ alg0
  | solve [hide; field]
  | rewrite ?delta_refl; alg0
  | progress (repeat match goal with |- context [if ?c then ?a else ?a] => (* compared *)
      replace (if c then a else a) with a by (destruct c; reflexivity) end); alg0 (* compared *)
  | exps; alg0 (* exp *)
  | solve [with_roots] (* sqrt *)
  | exps; solve [with_roots] (* sqrt *)
  | solve [rewrite <- ?exp_plus; f_equal; alg0] (* exp *)
  | solve [rewrite ?Ropp_mult_distr_l_reverse; exps; rewrite ?exp_minus_two, ?exp_two; alg0] (* exp *)
  | solve [rewrite ?pow_exp; cbn [INR]; rewrite <- ?exp_Ropp, <- ?exp_plus; f_equal; alg0] (* exp *)
  | unfold Rdiv; rewrite <- ?pow_inv; rewrite ?Rinv_mult, ?Rinv_inv; alg0
  | solve [rpowers] (* Rpower *)
  | solve [hide_unknown; field; nz]
  ].
(* distinctions of cases *)
Ltac reals := repeat match goal with
  | H : Rltb ?a ?b = _ |- _ => unfold Rltb in H; destruct (Rlt_dec a b); try discriminate H; clear H
  | H : Rleb ?a ?b = _ |- _ => unfold Rleb in H; destruct (Rle_dec a b); try discriminate H; clear H
  | H : Reqb ?a ?b = _ |- _ => unfold Reqb in H; destruct (Req_EM_T a b); try discriminate H; clear H
  end.
Ltac settle := try (exfalso; solve [lia | congruence]); first
  [ solve [alg | congruence]
  | cbv beta in *; reals; exfalso; lra (* compared *)
  ].
Ltac cases := cbv beta in *; unfold delta; repeat match goal with
  | |- context [Nat.eqb ?a ?b] => destruct (Nat.eqb_spec a b); [try (subst a || subst b) |]
  | _ : context [Nat.eqb ?a ?b] |- _ => destruct (Nat.eqb_spec a b); [try (subst a || subst b) |]
  | |- context [if ?c then _ else _] => destruct c eqn:?
  end; cbn [negb andb orb] in *; settle.
Ltac plus_sums := rewrite ?sum_plus, ?sum_plus_if; alg.
Ltac join_sums := rewrite <- ?sum_plus; apply sum_ext; intros; cases.
Ltac zeros := cbv beta; first
  [ alg | apply sum_zero; intros; zeros
  | match goal with |- context [if ?c then _ else _] => destruct c; zeros end ].
(* a step as it is, or written a little differently (-1 times x for -x) *)
Tactic Notation "close_with" uconstr(p) :=
  first [exact p | etransitivity; [ | etransitivity; [exact p | alg]]; alg].
(* two values that are one where two indices are equal *)
Ltac same_at E := intro; cbv beta; rewrite ?E; zeros.
Ltac alike_at E := intro; cbv beta; rewrite ?E; alg.
Ltac turn j k := first [alg | rewrite (delta_sym j k); alg].
Ltac by_given := match goal with
  | H : _ |- _ => solve [apply H; rng | symmetry; apply H; rng | eapply H; rng]
  end.
Ltac logs := first
  [ alg
  | exps; rewrite ?exp_ln by pos; alg
  | unfold Rdiv; repeat first [rewrite ln_mult by pos | rewrite ln_Rinv by pos
      | rewrite ln_pow by pos | rewrite ln_exp]; cbn [INR]; alg
  | solve [rewrite ?Rpower_mult; apply (f_equal2 Rpower); alg] (* Rpower *)
  | unfold Rpower; repeat first [rewrite ln_exp | rewrite ln_mult by pos | rewrite ln_Rinv by pos]; (* Rpower *)
      rewrite <- ?exp_plus; solve [f_equal; alg0] (* Rpower *)
  | rewrite ?Rpower_mult; repeat match goal with |- context [Rpower ?a ?e] => (* Rpower *)
      replace e with 1 by (field; nz); rewrite (Rpower_1 a) by pos end; alg (* Rpower *)
  | rewrite sqrt_pow2 by nn; alg (* sqrt *)
  | rewrite sqrt_square by nn; alg (* sqrt *)
  ].
(* a comparison rearranged *)
Ltac decided := unfold Rltb, Rleb, Reqb; repeat match goal with
  | |- context [Rlt_dec ?a ?b] => destruct (Rlt_dec a b)
  | |- context [Rle_dec ?a ?b] => destruct (Rle_dec a b)
  | |- context [Req_EM_T ?a ?b] => destruct (Req_EM_T a b)
  end; cbn [negb andb orb]; cbv iota.
Ltac compare := first [ solve [cases] | apply sum_ext; intros; compare
  | decided; first [reflexivity | exfalso; lra | lra] ].
Ltac same_places := cbv beta; rewrite ?andb_true_r, ?andb_true_l; first [reflexivity | lia | apply andb_comm].
Ltac set_apart H := etransitivity; [exact H | cbv beta; first
  [ apply (f_equal2 Rplus); [cases | apply sum_ext; intros; cases]
  | etransitivity; [apply Rplus_comm | apply (f_equal2 Rplus); [apply sum_ext; intros; cases | cases]]
  ]].
Ltac sigmoid_is := first [reflexivity | unfold sigmoid; rewrite ?Ropp_involutive; alg].
Ltac relu_cases := symmetry; apply (Rmax_case _ 0).
Ltac sign_and_size := match goal with
  | |- context [sign ?x] => sign_and_size_of x
  | |- context [Rabs ?x] => sign_and_size_of x
  end
with sign_and_size_of x := destruct (Rtotal_order x 0) as [X|[X|X]];
  [ rewrite ?(sign_eq_m1 x), ?(Rabs_left x) by assumption; alg
  | rewrite ?X, ?sign_0, ?Rabs_R0; first [ring | exfalso; match goal with H : _ <> 0 |- _ => apply H; lra end | nra]
  | rewrite ?(sign_eq_1 x), ?(Rabs_right x) by lra; alg ].
Ltac max_cases := unfold Rmax, Rmin; compare.
Ltac odd_even := unfold tan, tanh, sinh, cosh;
  rewrite ?sin_neg, ?cos_neg, ?atan_opp, ?Rabs_Ropp, ?sign_opp, ?Ropp_involutive; alg.
Ltac known_values := unfold tan, tanh, sinh, cosh, sigmoid, softplus, relu; rewrite ?Ropp_0, ?exp_0, ?ln_1,
  ?sin_0, ?cos_0, ?atan_0, ?sqrt_0, ?sqrt_1, ?Rabs_R0; rewrite ?Rmax_left by lra; alg.
Create HintDb vanishing.
Ltac family_zero := cbv beta iota; first
  [ reflexivity | solve [auto with vanishing] | symmetry; solve [auto with vanishing] ].
Lemma no_one K f : sum K (fun k => 0 * f k) = 0. Proof. apply sum_zero; intros; ring. Qed.
Lemma no_two K N f : sum K (fun k => sum N (fun l => 0 * f k l)) = 0.
Proof. apply sum_zero; intros; apply no_one. Qed.
Lemma no_three K N M f : sum K (fun k => sum N (fun l => sum M (fun m => 0 * f k l m))) = 0.
Proof. apply sum_zero; intros; apply no_two. Qed.
Ltac cut_units_1 := cbv beta iota; rewrite ?no_one; rewrite ?sift_one by rng; ring.
Ltac cut_units_2 := cbv beta iota; rewrite ?no_two, ?no_one; rewrite ?sift_two, ?sift_one by rng; ring.
Ltac cut_units_3 := cbv beta iota;
  rewrite ?no_three, ?no_two, ?no_one; rewrite ?sift_three, ?sift_two, ?sift_one by rng; ring.
(* an example that meets the assumptions: at sizes up to 3, entry by entry *)
Ltac witness := repeat match goal with |- _ /\ _ => split end; try lia; intros;
  repeat match goal with H : (?i < _)%nat |- _ => is_var i;
    destruct i as [|[|[|i]]]; try (exfalso; lia) end;
  unfold delta, Rdiv; simpl; first
  [ lra | solve [pos] | solve [nz] | solve [nn] | split; lra | intros; lra | intros; lia
  | unfold Rabs; repeat (destruct Rcase_abs); lra (* Rabs *)
  ].
