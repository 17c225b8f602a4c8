(* ==== a derivative: the problem ==== *)

Section Problem.
Variables (K : nat).
Variable a : nat -> R.
Definition L (z : nat -> R) : R :=
  (sum K (fun k => ((a k) * (exp (z k))))).
Hypothesis P_K : (0 < K)%nat.

(* ==== the proof ==== *)

Definition loc_L (z : nat -> R) (d_z : nat -> R) : R :=
  (sum K (fun k => ((a k) * ((exp (z k)) * (d_z k))))).
Lemma thru_L : forall (Sf : Family -> R) (HSf : Linear Sf) (z : nat -> R)
  (c_z p_z : nat -> R) (a_z : nat -> Family)
  (Q_z : forall q0 : nat, (q0 < K)%nat -> Through Sf (c_z q0) (p_z q0) (a_z q0)),
  Through Sf (loc_L z c_z) (loc_L z p_z)
    (fun fb f1 f2 f3 => loc_L z (fun q0 => a_z q0 fb f1 f2 f3)).
Proof.
  intros; exact (through_sum Sf HSf K _ _ _ (fun k H_k => (through_scal_l Sf HSf (a k) _ _ _ (through_scal_l Sf HSf (exp (z k)) _ _ _ (Q_z k ltac:(rng)))))).
Qed.
Lemma zero_L : forall (z : nat -> R), loc_L z (fun _ => 0) = 0.
Proof.
  intros; assert (Q_0 := thru_L (fun fam => fam 0%nat 0%nat 0%nat 0%nat * 1) (linear_one _ _ _ _ _) z (fun _ => 0) (fun _ => 0) (fun _ _ _ _ _ => 0) (fun _ _ => through_zero (fun fam => fam 0%nat 0%nat 0%nat 0%nat * 1) (linear_one _ _ _ _ _)) ).
  unfold Through in Q_0; lra.
Qed.
#[local] Hint Resolve zero_L : vanishing.
Definition tan_L_z (z : nat -> R) (df : nat -> R) : R :=
  loc_L z df.
Lemma steps : forall (z : nat -> R) (j : nat) (H_j : (j < K)%nat),
  (tan_L_z z (fun q0 => delta q0 j))
  = ((a j) * (exp (z j))).
Proof.
  intros z j H_j.
  transitivity (loc_L z (fun q0 => delta q0 j)). (* 1.1 chain-rule *)
  { close_with (eq_refl : (tan_L_z z (fun q0 => delta q0 j)) = (loc_L z (fun q0 => delta q0 j))). }
  transitivity (sum K (fun k => ((a k) * ((exp (z k)) * (delta k j))))). (* 1.2 partial-definition *)
  { close_with (eq_refl : (loc_L z (fun q0 => delta q0 j)) = (sum K (fun k => ((a k) * ((exp (z k)) * (delta k j)))))). }
  transitivity (sum K (fun k => ((a k) * (exp (z k)) * (delta k j)))). (* 2.5 ring *)
  { close_with (sum_ext K _ _ (fun k H_k => (ltac:(alg) : ((a k) * ((exp (z k)) * (delta k j))) = ((a k) * (exp (z k)) * (delta k j))))). }
  transitivity ((a j) * (exp (z j))). (* 3 sift-delta *)
  { close_with (eq_trans (sum_ext K _ _ (fun k H_k => (ltac:(turn j k) : ((a k) * (exp (z k)) * (delta k j)) = ((a k) * (exp (z k))) * delta k j))) (eq_trans (sum_sift K j (fun k => ((a k) * (exp (z k)))) ltac:(rng)) (eq_refl ((a j) * (exp (z j)))))). }
  reflexivity.
Qed.
Lemma dual_L : forall (z : nat -> R) (j0 : nat),
  Dual (fun t => L (upd z j0 t)) (z j0) (L z) (tan_L_z z (fun q0 => delta q0 j0)).
Proof.
  intros z j0; exact (dual_sum K _ _ _ _ (fun k H_k => (dual_scal_l (a k) _ _ _ _ (dual_comp exp (exp (z k)) _ _ _ _ (dual_entry z j0 k) (d_exp (z k)))))).
Qed.

(* ==== the theorem ==== *)

Lemma by_name : forall (z : nat -> R) (j : nat) (H_j : (j < K)%nat),
  is_derive (fun t : R => L (upd z j t)) (z j)
    ((a j) * (exp (z j))).
Proof using All.
  intros z j H_j.
  exact (dual_derives _ _ _ _ _ (dual_L z j) (steps z j H_j)).
Qed.
End Problem.

(* the same with every definition put in *)
Theorem derivative : forall (K : nat) (a : nat -> R)
    (P_K : (0 < K)%nat)
    (z : nat -> R) (j : nat) (H_j : (j < K)%nat),
  is_derive (fun t : R => (sum K (fun k => ((a k) * (exp (upd z j t k)))))) (z j)
    ((a j) * (exp (z j))).
Proof.
  exact by_name.
Qed.

Check derivative.
Print Assumptions derivative.
