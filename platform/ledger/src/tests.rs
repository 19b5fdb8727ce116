//! What others rely on: nothing acknowledged is lost, nothing altered goes unseen, proofs convince an outsider.
