(* The prelude: finite sums, deltas, arrays with one entry changed, derivatives by dual numbers,
   and the linearity on which the chain rule through an array rests. *)
Require Import Reals Lra Lia Arith Bool FunctionalExtensionality.
From Coquelicot Require Import Coquelicot.
Open Scope R_scope.

(* ---- what the theorem is stated with -------------------------------------------------- *)

(* f 0 + f 1 + ... + f (K - 1) *)
Fixpoint sum (K : nat) (f : nat -> R) : R :=
  match K with O => 0 | S n => sum n f + f n end.

Definition delta (i j : nat) : R := if Nat.eqb i j then 1 else 0.

(* an array with one entry replaced *)
Definition upd (z : nat -> R) (j : nat) (t : R) : nat -> R :=
  fun k => if Nat.eqb k j then t else z k.
Definition upd2 (z : nat -> nat -> R) (i j : nat) (t : R) : nat -> nat -> R :=
  fun k l => if (Nat.eqb k i && Nat.eqb l j)%bool then t else z k l.

(* comparisons of values; those of indices are Nat.eqb and Nat.ltb *)
Definition Rltb (a b : R) : bool := if Rlt_dec a b then true else false.
Definition Rleb (a b : R) : bool := if Rle_dec a b then true else false.
Definition Reqb (a b : R) : bool := if Req_EM_T a b then true else false.

Definition sigmoid (x : R) : R := / (1 + exp (- x)).
Definition relu (x : R) : R := Rmax x 0.
Definition softplus (x : R) : R := ln (1 + exp x).

(* ---- sums ------------------------------------------------------------------------------ *)

Lemma sum_ext K f g : (forall k, (k < K)%nat -> f k = g k) -> sum K f = sum K g.
Proof. induction K; intros H; simpl; [reflexivity | rewrite IHK, H; auto]. Qed.
Lemma sum_plus K f g : sum K (fun k => f k + g k) = sum K f + sum K g.
Proof. induction K; simpl; [ring | rewrite IHK; ring]. Qed.
Lemma sum_scal K c f : sum K (fun k => c * f k) = c * sum K f.
Proof. induction K; simpl; [ring | rewrite IHK; ring]. Qed.
Lemma sum_zero K : sum K (fun _ => 0) = 0.
Proof. induction K; simpl; [ring | rewrite IHK; ring]. Qed.
Lemma sum_const K c : sum K (fun _ => c) = INR K * c.
Proof. induction K; [simpl; ring | rewrite S_INR; simpl sum; rewrite IHK; ring]. Qed.
Lemma sum_swap K N f : sum K (fun i => sum N (fun j => f i j)) = sum N (fun j => sum K (fun i => f i j)).
Proof. induction K; simpl; [symmetry; apply sum_zero | rewrite IHK, <- sum_plus; reflexivity]. Qed.
Lemma delta_refl i : delta i i = 1.
Proof. unfold delta; rewrite Nat.eqb_refl; reflexivity. Qed.
Lemma delta_sym i j : delta i j = delta j i.
Proof. unfold delta; rewrite Nat.eqb_sym; reflexivity. Qed.
Lemma delta_subst i j (f : nat -> R) : f i * delta i j = f j * delta i j.
Proof. unfold delta; destruct (Nat.eqb_spec i j); [subst; reflexivity | ring]. Qed.
Lemma sum_out K j f : (K <= j)%nat -> sum K (fun k => f k * delta k j) = 0.
Proof.
  induction K; simpl; intros H; [reflexivity | rewrite IHK by lia].
  unfold delta; rewrite (proj2 (Nat.eqb_neq K j)) by lia; ring.
Qed.
Lemma sum_sift K j f : (j < K)%nat -> sum K (fun k => f k * delta k j) = f j.
Proof.
  induction K; simpl; intros H; [lia | destruct (Nat.eq_dec K j) as [->|N]].
  - rewrite sum_out, delta_refl by lia; ring.
  - rewrite IHK by lia. unfold delta; rewrite (proj2 (Nat.eqb_neq K j)) by lia; ring.
Qed.
Lemma sum_pos K f : (0 < K)%nat -> (forall k, (k < K)%nat -> 0 < f k) -> 0 < sum K f.
Proof.
  induction K; simpl; intros H P; [lia | destruct K as [|K]].
  - simpl; rewrite Rplus_0_l; apply P; lia.
  - apply Rplus_lt_0_compat; [apply IHK; [lia | intros; apply P; lia] | apply P; lia].
Qed.
Lemma sum_nonneg K f : (forall k, (k < K)%nat -> 0 <= f k) -> 0 <= sum K f.
Proof. induction K; simpl; intros P; [lra | apply Rplus_le_le_0_compat; [apply IHK; auto | auto]]. Qed.
Lemma sum_pos_at K j f : (j < K)%nat -> (forall k, (k < K)%nat -> 0 <= f k) -> 0 < f j -> 0 < sum K f.
Proof.
  induction K; simpl; intros H P Q; [lia | destruct (Nat.eq_dec K j) as [->|N]].
  - apply Rplus_le_lt_0_compat; [apply sum_nonneg; auto | exact Q].
  - apply Rplus_lt_le_0_compat; [apply IHK; auto; lia | auto].
Qed.

(* ---- derivatives: a function, its value and its derivative at a point ------------------ *)

Definition Dual (f : R -> R) (x v d : R) : Prop := f x = v /\ is_derive f x d.

Lemma dual_const c x : Dual (fun _ => c) x c 0.
Proof. split; [reflexivity | apply @is_derive_const]. Qed.
Lemma dual_var x : Dual (fun t => t) x x 1.
Proof. split; [reflexivity | apply @is_derive_id]. Qed.
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
  intros [<- H] [<- G]; split; [reflexivity |].
  exact (is_derive_mult f g x d e H G Rmult_comm).
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
Lemma dual_sum K (f : nat -> R -> R) x v d :
  (forall k, (k < K)%nat -> Dual (f k) x (v k) (d k)) ->
  Dual (fun t => sum K (fun k => f k t)) x (sum K v) (sum K d).
Proof.
  induction K; intros H; simpl; [apply dual_const |].
  apply (dual_plus (fun t => sum K (fun k => f k t)) (f K)); auto.
Qed.
Lemma dual_sum_if K (c : nat -> bool) (f : nat -> R -> R) x v d :
  (forall k, (k < K)%nat -> c k = true -> Dual (f k) x (v k) (d k)) ->
  Dual (fun t => sum K (fun k => if c k then f k t else 0)) x
    (sum K (fun k => if c k then v k else 0)) (sum K (fun k => if c k then d k else 0)).
Proof.
  intros H; apply (dual_sum K (fun k t => if c k then f k t else 0)); intros k Hk.
  destruct (c k) eqn:E; [auto | apply dual_const].
Qed.
Lemma dual_if (c : bool) f g x v w d e :
  (c = true -> Dual f x v d) -> (c = false -> Dual g x w e) ->
  Dual (fun t => if c then f t else g t) x (if c then v else w) (if c then d else e).
Proof. destruct c; auto. Qed.
Lemma dual_derives f x v d e : Dual f x v d -> d = e -> is_derive f x e.
Proof. intros [_ H] <-; exact H. Qed.

Lemma d_exp v : is_derive exp v (exp v).
Proof. apply is_derive_exp. Qed.
Lemma d_ln v : 0 < v -> is_derive ln v (/ v).
Proof. apply is_derive_ln. Qed.
Lemma d_inv v : v <> 0 -> is_derive Rinv v (- / (v * v)).
Proof. intros H; auto_derive; [exact H | field; exact H]. Qed.
Lemma d_pow n v m : INR (S n) = m -> is_derive (fun t => t ^ S n) v (m * v ^ n).
Proof. intros <-; auto_derive; [trivial |]; rewrite Rmult_1_l; reflexivity. Qed.
Lemma d_sqrt v : 0 < v -> is_derive sqrt v (/ (2 * sqrt v)).
Proof.
  intros H; auto_derive; [exact H | field; apply Rgt_not_eq, sqrt_lt_R0, H].
Qed.
Lemma d_sin v : is_derive sin v (cos v).
Proof. auto_derive; [trivial | ring]. Qed.
Lemma d_cos v : is_derive cos v (- sin v).
Proof. auto_derive; [trivial | ring]. Qed.
Lemma one_plus_exp v : 1 + exp v <> 0.
Proof. assert (H := exp_pos v); lra. Qed.
Lemma d_sigmoid v : is_derive sigmoid v (sigmoid v * (1 - sigmoid v)).
Proof.
  unfold sigmoid; auto_derive; [apply one_plus_exp | field; apply one_plus_exp].
Qed.
Lemma d_softplus v : is_derive softplus v (sigmoid v).
Proof.
  assert (H := exp_pos v); unfold softplus, sigmoid; auto_derive; [lra |].
  rewrite exp_Ropp; field; split; lra.
Qed.
Lemma cosh_nonzero v : exp v + exp (- v) <> 0.
Proof. assert (H := exp_pos v); assert (G := exp_pos (- v)); lra. Qed.
Lemma d_tanh v : is_derive tanh v (1 - tanh v ^ 2).
Proof.
  apply (is_derive_ext (fun t => (exp t - exp (- t)) / (exp t + exp (- t)))).
  { intros t; unfold tanh, sinh, cosh; change (@eq R ((exp t - exp (- t)) / (exp t + exp (- t)))
      ((exp t - exp (- t)) / 2 / ((exp t + exp (- t)) / 2))); field; exact (cosh_nonzero t). }
  auto_derive; [exact (cosh_nonzero v) |].
  unfold tanh, sinh, cosh; field; exact (cosh_nonzero v).
Qed.
Lemma d_rpower a v : 0 < v -> is_derive (fun t => Rpower t a) v (a * Rpower v (a - 1)).
Proof.
  intros H; unfold Rpower; auto_derive; [exact H |].
  replace ((a - 1) * ln v) with (a * ln v + - ln v) by ring.
  rewrite exp_plus, exp_Ropp, exp_ln by exact H; field; lra.
Qed.

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
  intros H; unfold Rltb; destruct (Rlt_dec 0 v) as [G|L].
  - apply (is_derive_ext_loc (fun t => t)); [| auto_derive; [trivial | ring]].
    apply (locally_interval _ v 0 p_infty); simpl; auto; intros y Y _.
    unfold relu; rewrite Rmax_left; lra.
  - apply (is_derive_ext_loc (fun _ => 0)); [| auto_derive; [trivial | ring]].
    apply (locally_interval _ v m_infty 0); simpl; auto; [lra |]; intros y _ Y.
    unfold relu; rewrite Rmax_right; lra.
Qed.

(* ---- the chain rule through arrays ------------------------------------------------------ *)

(* a family of numbers: one for each entry (up to three indices) of each of several arrays *)
Definition Family := nat -> nat -> nat -> nat -> R.
Definition Linear (S : Family -> R) : Prop :=
  (forall f g, S (fun b i j k => f b i j k + g b i j k) = S f + S g) /\
  (forall c f, S (fun b i j k => c * f b i j k) = c * S f).

Lemma linear_one b i j k w : Linear (fun a => a b i j k * w).
Proof. split; intros; ring. Qed.
Lemma linear_plus S T : Linear S -> Linear T -> Linear (fun a => S a + T a).
Proof. intros [A B] [C D]; split; intros; rewrite ?A, ?C, ?B, ?D; ring. Qed.
Lemma linear_sum K (S : nat -> Family -> R) :
  (forall k, Linear (S k)) -> Linear (fun a => sum K (fun k => S k a)).
Proof.
  intros H; split; intros.
  - rewrite <- sum_plus; apply sum_ext; intros k _; apply (proj1 (H k)).
  - rewrite <- sum_scal; apply sum_ext; intros k _; apply (proj2 (H k)).
Qed.

(* c is p and what the linear S makes of the family a *)
Definition Through (S : Family -> R) (c p : R) (a : Family) : Prop := c = p + S a.

Section Through.
  Variables (S : Family -> R) (HS : Linear S).
  Lemma through_zero : Through S 0 0 (fun _ _ _ _ => 0).
  Proof.
    unfold Through; assert (H := proj2 HS 0 (fun _ _ _ _ => 0)); cbv beta in H.
    rewrite !Rmult_0_l in H; lra.
  Qed.
  Lemma through_here d : Through S d d (fun _ _ _ _ => 0).
  Proof. unfold Through; assert (H := through_zero); unfold Through in H; lra. Qed.
  Lemma through_plus c p a c' p' a' : Through S c p a -> Through S c' p' a' ->
    Through S (c + c') (p + p') (fun b i j k => a b i j k + a' b i j k).
  Proof. unfold Through; intros -> ->; rewrite (proj1 HS); ring. Qed.
  Lemma through_scal_l w c p a : Through S c p a ->
    Through S (w * c) (w * p) (fun b i j k => w * a b i j k).
  Proof. unfold Through; intros ->; rewrite (proj2 HS); ring. Qed.
  Lemma through_ext c p a a' : Through S c p a -> a = a' -> Through S c p a'.
  Proof. intros H <-; exact H. Qed.
  Lemma family_ext (a a' : Family) : (forall b i j k, a b i j k = a' b i j k) -> a = a'.
  Proof.
    intros H; apply functional_extensionality_dep; intros b; apply functional_extensionality_dep;
      intros i; apply functional_extensionality_dep; intros j;
      apply functional_extensionality_dep; intros k; apply H.
  Qed.
  Lemma through_scal_r w c p a : Through S c p a ->
    Through S (c * w) (p * w) (fun b i j k => a b i j k * w).
  Proof.
    intros H; rewrite (Rmult_comm c), (Rmult_comm p).
    apply (through_ext _ _ (fun b i j k => w * a b i j k)); [exact (through_scal_l w _ _ _ H) |].
    apply family_ext; intros; ring.
  Qed.
  Lemma through_opp c p a : Through S c p a ->
    Through S (- c) (- p) (fun b i j k => - a b i j k).
  Proof.
    intros H; apply (through_ext _ _ (fun b i j k => - (1) * a b i j k)).
    - replace (- c) with (- (1) * c) by ring; replace (- p) with (- (1) * p) by ring.
      exact (through_scal_l _ _ _ _ H).
    - apply family_ext; intros; ring.
  Qed.
  Lemma through_sum K c p (a : nat -> Family) :
    (forall k, (k < K)%nat -> Through S (c k) (p k) (a k)) ->
    Through S (sum K c) (sum K p) (fun b i j l => sum K (fun k => a k b i j l)).
  Proof.
    induction K; intros H; simpl; [apply through_zero |].
    apply (through_plus _ _ (fun b i j l => sum K (fun k => a k b i j l))); auto.
  Qed.
  Lemma through_if (g : bool) c p a c' p' a' :
    (g = true -> Through S c p a) -> (g = false -> Through S c' p' a') ->
    Through S (if g then c else c') (if g then p else p')
      (fun b i j k => if g then a b i j k else a' b i j k).
  Proof. destruct g; auto. Qed.
End Through.

Lemma through_same S c p a : Through S c p a -> p = 0 -> Through S c 0 a.
Proof. unfold Through; intros -> ->; reflexivity. Qed.
(* what is cut: the family is changed where its own entry stands *)
Lemma through_cut S (HS : Linear S) c p a u a' : Through S c p a -> S u = p ->
  (forall b i j k, a b i j k + u b i j k = a' b i j k) -> Through S c 0 a'.
Proof.
  unfold Through; intros -> H G; rewrite <- (family_ext _ _ G), (proj1 HS), H; ring.
Qed.

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

(* ---- sums under a condition --------------------------------------------------------------- *)

Lemma sum_all_zero K f : (forall k, (k < K)%nat -> f k = 0) -> sum K f = 0.
Proof. intros H; rewrite <- (sum_zero K); apply sum_ext; exact H. Qed.
Lemma sum_ext_if K (c : nat -> bool) f g : (forall k, (k < K)%nat -> c k = true -> f k = g k) ->
  sum K (fun k => if c k then f k else 0) = sum K (fun k => if c k then g k else 0).
Proof. intros H; apply sum_ext; intros k Hk; destruct (c k) eqn:E; auto. Qed.
Lemma sum_scal_if K (g : nat -> bool) c f :
  sum K (fun k => if g k then c * f k else 0) = c * sum K (fun k => if g k then f k else 0).
Proof. rewrite <- sum_scal; apply sum_ext; intros k _; destruct (g k); ring. Qed.
Lemma sum_opp K f : sum K (fun k => - f k) = - sum K f.
Proof. induction K; simpl; [ring | rewrite IHK; ring]. Qed.
Lemma sum_opp_if K (c : nat -> bool) f :
  sum K (fun k => if c k then - f k else 0) = - sum K (fun k => if c k then f k else 0).
Proof. rewrite <- sum_opp; apply sum_ext; intros k _; destruct (c k); ring. Qed.
Lemma sum_plus_if K (c : nat -> bool) f g :
  sum K (fun k => if c k then f k + g k else 0)
  = sum K (fun k => if c k then f k else 0) + sum K (fun k => if c k then g k else 0).
Proof. rewrite <- sum_plus; apply sum_ext; intros k _; destruct (c k); ring. Qed.
Lemma sum_sift_if K j (c : nat -> bool) f : (j < K)%nat ->
  sum K (fun k => if c k then f k * delta k j else 0) = if c j then f j else 0.
Proof.
  intros H; rewrite <- (sum_sift K j (fun k => if c k then f k else 0) H).
  apply sum_ext; intros k _; destruct (c k); ring.
Qed.
Lemma sum_apart K j f : (j < K)%nat ->
  sum K f = f j + sum K (fun k => if negb (Nat.eqb k j) then f k else 0).
Proof.
  intros H; rewrite <- (sum_sift K j f H), <- sum_plus; apply sum_ext; intros k _.
  unfold delta; destruct (Nat.eqb k j); simpl; ring.
Qed.
Lemma same_parts (a b c d : R) : a = c -> b = d -> a + b = c + d.
Proof. intros -> ->; reflexivity. Qed.
Lemma Rleb_refl a : Rleb a a = true.
Proof. unfold Rleb; destruct (Rle_dec a a) as [_|N]; [reflexivity | destruct N; lra]. Qed.
Lemma if_ext_1 (c : bool) (a b d : R) : (c = true -> a = b) ->
  (if c then a else d) = (if c then b else d).
Proof. destruct c; auto. Qed.
Lemma if_ext_2 (c : bool) (d a b : R) : (c = false -> a = b) ->
  (if c then d else a) = (if c then d else b).
Proof. destruct c; auto. Qed.
Lemma sigmoid_reflection x : sigmoid x = 1 + - sigmoid (- x).
Proof.
  unfold sigmoid; rewrite Ropp_involutive, exp_Ropp; assert (H := exp_pos x); field; split; lra.
Qed.
Lemma sigmoid_pos x : 0 < sigmoid x.
Proof. unfold sigmoid; assert (H := exp_pos (- x)); apply Rinv_0_lt_compat; lra. Qed.
Lemma softplus_pos x : 0 < softplus x.
Proof.
  unfold softplus; rewrite <- ln_1; apply ln_increasing; [lra | assert (H := exp_pos x); lra].
Qed.
Lemma sigmoid_below x : 0 < 1 + - sigmoid x.
Proof. rewrite <- (Ropp_involutive x), (sigmoid_reflection (- - x)) at 1; rewrite Ropp_involutive.
  assert (H := sigmoid_pos (- x)); lra. Qed.
Lemma sigmoid_below' x : 0 < 1 - sigmoid x.
Proof. exact (sigmoid_below x). Qed.

(* ---- tactics ------------------------------------------------------------------------------- *)

Create HintDb signs.
Create HintDb zeros.

Lemma inv_nonneg a : 0 <= a -> 0 <= / a.
Proof.
  intros [H| <-]; [apply Rlt_le, Rinv_0_lt_compat, H | rewrite Rinv_0; apply Rle_refl].
Qed.
Lemma pos_nz a : 0 < a -> a <> 0.
Proof. lra. Qed.
(* an index is in range *)
Ltac rng := first [assumption | solve [auto] | lia].

(* 0 <= a, 0 < a, a <> 0 *)
Ltac nn := first
  [ assumption
  | lazymatch goal with
    | |- 0 <= ?a * ?a => apply Rle_0_sqr
    | |- 0 <= ?a ^ 2 => apply pow2_ge_0
    | |- 0 <= sum _ _ => apply sum_nonneg; intros; nn
    | |- 0 <= _ + _ => apply Rplus_le_le_0_compat; nn
    | |- 0 <= sqrt _ => apply sqrt_pos
    | |- 0 <= relu _ => apply Rmax_r
    | |- 0 <= Rabs _ => apply Rabs_pos
    | |- 0 <= _ * _ => apply Rmult_le_pos; nn
    | |- 0 <= _ / _ => apply Rmult_le_pos; nn
    | |- 0 <= / _ => apply inv_nonneg; nn
    | |- 0 <= _ ^ _ => apply pow_le; nn
    | |- 0 <= exp _ => apply Rlt_le, exp_pos
    | |- 0 <= delta ?i ?j => unfold delta; destruct (Nat.eqb i j); lra
    | |- 0 <= INR _ => apply pos_INR
    | |- 0 <= (if ?c then _ else _) => destruct c; nn
    end
  | solve [auto with signs]
  | solve [apply Rlt_le; pos]
  | lra ]
with pos := first
  [ assumption
  | lazymatch goal with
    | |- 0 < exp _ => apply exp_pos
    | |- 0 < sigmoid _ => apply sigmoid_pos
    | |- 0 < 1 + - sigmoid _ => apply sigmoid_below
    | |- 0 < 1 - sigmoid _ => apply sigmoid_below'
    | |- 0 < softplus _ => apply softplus_pos
    | |- 0 < PI => apply PI_RGT_0
    | |- 0 < Rpower _ _ => apply exp_pos
    | |- 0 < INR _ => apply lt_0_INR; rng
    | |- 0 < sqrt _ => apply sqrt_lt_R0; pos
    | |- 0 < _ * _ => apply Rmult_lt_0_compat; pos
    | |- 0 < _ / _ => apply Rdiv_lt_0_compat; pos
    | |- 0 < / _ => apply Rinv_0_lt_compat; pos
    | |- 0 < _ ^ _ => apply pow_lt; pos
    | |- 0 < sum ?K (fun k => if _ then _ else 0) => match goal with
        | H : (?n < K)%nat |- _ => solve [apply (sum_pos_at _ n); [exact H | intros k ?;
            match goal with |- context [if ?c then _ else _] => destruct c; nn end |
            rewrite ?Nat.leb_refl, ?Rleb_refl; pos]]
        end
    | |- 0 < sum _ _ => apply sum_pos; [rng | intros; pos]
    | |- 0 < _ + _ => first [ apply Rplus_lt_0_compat; pos | apply Rplus_le_lt_0_compat; [nn | pos]
        | apply Rplus_lt_le_0_compat; [pos | nn] | lra ]
    end
  | solve [auto with signs]
  | match goal with H : _ |- _ => solve [apply H; rng] end
  | match goal with H : _ |- 0 < ?a => solve [apply H; rng] end
  | lra ].
Ltac nz1 := first
  [ assumption
  | apply pos_nz; solve [pos]
  | match goal with H : _ |- _ => solve [apply H; rng] end
  | match goal with H : _ * _ <> 0 |- _ => solve [intros E; apply H; rewrite E; ring] end
  | lazymatch goal with
    | |- _ * _ <> 0 => apply Rmult_integral_contrapositive_currified; nz1
    | |- _ / _ <> 0 => apply Rmult_integral_contrapositive_currified; nz1
    | |- / _ <> 0 => apply Rinv_neq_0_compat; nz1
    | |- _ ^ _ <> 0 => apply pow_nonzero; nz1
    | |- - _ <> 0 => apply Ropp_neq_0_compat; nz1
    end
  | lra ].
Ltac nz := repeat match goal with |- _ /\ _ => split end; nz1.

Ltac exps := unfold Rminus, Rdiv; rewrite ?Ropp_plus_distr, ?Ropp_involutive, ?exp_plus, ?exp_Ropp.
(* squares of roots *)
Ltac roots := repeat match goal with
  | |- context [sqrt ?a] => lazymatch goal with H : sqrt a ^ 2 = a |- _ => fail | _ => idtac end;
      assert (sqrt a ^ 2 = a) by (apply pow2_sqrt; nn)
  end.
Ltac with_roots := roots; repeat match goal with
  | H : sqrt ?a ^ 2 = ?a |- _ => first
      [ exact H | symmetry; exact H | solve [ring [H]] | solve [field [H]; nz] | solve [field_simplify_eq; [ring [H] | nz]] ]
  end.
Lemma Rpower_less_one a : 0 < a -> Rpower a (-1) = / a.
Proof. intros H; replace (-1) with (- (1)) by lra; rewrite Rpower_Ropp, Rpower_1 by exact H; reflexivity. Qed.
Ltac rpowers := unfold Rminus, Rdiv;
  rewrite ?Rpower_plus, ?Rpower_Ropp, ?Rpower_less_one, ?Rpower_1 by pos; first [ring | field; nz].
Ltac alg0 := first [reflexivity | ring | solve [field; nz]].
(* inverses as they stand: what holds whatever 1/0 is *)
Ltac hide := unfold Rdiv; repeat match goal with
  | |- context [Rinv ?a] => lazymatch a with IZR _ => fail | _ => generalize (Rinv a); intros ? end
  end.
Ltac alg := cbv beta; first
  [ alg0 | solve [hide; field] | rewrite ?delta_refl; alg0 | exps; alg0 | solve [with_roots]
  | exps; solve [with_roots] | solve [rewrite <- ?exp_plus; f_equal; alg0]
  | unfold Rdiv; rewrite <- ?pow_inv; rewrite ?Rinv_mult, ?Rinv_inv; alg0
  | lazymatch goal with |- context [Rpower _ _] => solve [rpowers] end ].

(* distinctions of cases: every condition and its opposite *)
Ltac known := repeat match goal with
  | H : Nat.eqb _ _ = true |- _ => apply Nat.eqb_eq in H
  | H : Nat.eqb _ _ = false |- _ => apply Nat.eqb_neq in H
  | H : Nat.ltb _ _ = true |- _ => apply Nat.ltb_lt in H
  | H : Nat.ltb _ _ = false |- _ => apply Nat.ltb_ge in H
  | H : Nat.leb _ _ = true |- _ => apply Nat.leb_le in H
  | H : Nat.leb _ _ = false |- _ => apply Nat.leb_gt in H
  | H : negb _ = true |- _ => apply negb_true_iff in H
  | H : negb _ = false |- _ => apply negb_false_iff in H
  | H : andb _ _ = true |- _ => apply andb_true_iff in H; destruct H
  | H : andb _ _ = false |- _ => apply andb_false_iff in H; destruct H
  | H : orb _ _ = true |- _ => apply orb_true_iff in H; destruct H
  | H : orb _ _ = false |- _ => apply orb_false_iff in H; destruct H
  end.
Ltac settle := try (exfalso; solve [lia | congruence]);
  try solve [alg]; subst; try (exfalso; solve [lia | congruence]); solve [alg | congruence].
Ltac cases := cbv beta in *; unfold delta; repeat match goal with
  | |- context [if ?c then _ else _] => destruct c eqn:?
  end; known; settle.
Ltac plus_sums := rewrite ?sum_plus, ?sum_plus_if; alg.
Ltac join_sums := rewrite <- ?sum_plus; apply sum_ext; intros; cases.
Ltac zeros := cbv beta; first
  [ alg | apply sum_all_zero; intros; zeros
  | match goal with |- context [if ?c then _ else _] => destruct c; zeros end ].
(* a step as it is, or written a little differently (-1 times x for -x) *)
Tactic Notation "close_with" uconstr(p) := first [exact p | etransitivity; [ | etransitivity; [exact p | alg]]; alg].
Ltac turn j k := first [alg | rewrite (delta_sym j k); alg].
Ltac by_given := match goal with
  | H : _ |- _ => solve [apply H; rng | symmetry; apply H; rng | eapply H; rng]
  end.
Ltac logs := first
  [ alg | rewrite exp_ln by pos; alg | rewrite ?ln_exp; alg
  | rewrite sqrt_pow2 by nn; alg | rewrite sqrt_square by nn; alg ].
Ltac family_zero := cbv beta iota; first
  [ reflexivity | solve [auto with zeros] | symmetry; solve [auto with zeros] ].
Lemma no_one K f : sum K (fun k => 0 * f k) = 0.
Proof. apply sum_all_zero; intros; ring. Qed.
Lemma no_two K N f : sum K (fun k => sum N (fun l => 0 * f k l)) = 0.
Proof. apply sum_all_zero; intros; apply no_one. Qed.
Lemma no_three K N M f : sum K (fun k => sum N (fun l => sum M (fun m => 0 * f k l m))) = 0.
Proof. apply sum_all_zero; intros; apply no_two. Qed.
Ltac cut_units := cbv beta iota; rewrite ?no_three, ?no_two, ?no_one;
  rewrite ?sift_three, ?sift_two, ?sift_one by rng; ring.
Ltac cut_alg := cbv beta iota; ring.
(* an example that meets the assumptions: at sizes up to 3, entry by entry *)
Ltac witness := repeat match goal with |- _ /\ _ => split end; try lia; intros;
  repeat match goal with H : (?i < _)%nat |- _ => is_var i;
    destruct i as [|[|[|i]]]; try (exfalso; lia) end;
  unfold delta, Rdiv; simpl; first [lra | solve [pos] | solve [nz] | solve [nn] | split; lra | intros; lra].
