/** Registers and transfers by hand, in the notation of `notation.fixture`. */

import { table } from './notation.fixture';

export const registers = table(`
  good | a new register is empty | A: read [0..1] null
  good | a write, then a read | A: write 1 [0..1] ok; A: read [2..3] 1
  good | a read during a write, before it | A: write 1 [0..3] ok; B: read [1..2] null
  good | a read during a write, after it | A: write 1 [0..3] ok; B: read [1..2] 1
  good | two writes at once, either may be last | A: write 1 [0..3] ok; B: write 2 [1..4] ok; C: read [5..6] 1; D: read [5..6] 1
  good | reads that see two writes under way one after the other | A: write 1 [0..9] ok; B: write 2 [0..9] ok; C: read [1..2] 1; C: read [3..4] 2
  good | an open write that wins long after | A: write 1 [0..1] ?; B: write 2 [2..3] ok; C: read [4..5] 2; C: read [6..7] 1
  good | an open write that never wins | A: write 1 [0..1] ?; B: write 2 [2..3] ok; C: read [4..5] 2
  good | the same value written twice, with another between | A: write 1 [0..1] ok; B: write 2 [2..3] ok; A: write 1 [4..5] ok; C: read [6..7] 1
  good | a swap of what is there | A: write 1 [0..1] ok; A: swap 1 2 [2..3] ok; A: read [4..5] 2
  good | a swap from empty | A: swap null 3 [0..1] ok; A: read [2..3] 3
  good | a swap refused | A: write 1 [0..1] ok; A: swap 2 3 [2..3] refused; A: read [4..5] 1
  good | two swaps at once of which one wins | A: write 1 [0..1] ok; B: swap 1 2 [2..5] ok; C: swap 1 3 [2..5] refused; A: read [6..7] 2
  good | a swap refused because of an open one | A: swap null 1 [0..1] ?; B: swap null 2 [2..3] refused; B: read [4..5] 1
  good | a chain of swaps under way in any order | A: swap 2 3 [0..9] ok; B: swap 1 2 [0..9] ok; C: swap null 1 [0..9] ok; D: read [10..11] 3
  unexplained | a value that nobody wrote | A: read [0..1] 1
  unexplained | a write is lost | A: write 1 [0..1] ok; A: read [2..3] null
  unexplained | a read of the value before | A: write 1 [0..1] ok; A: write 2 [2..3] ok; B: read [4..5] 1
  unexplained | reads that see two writes in both orders | A: write 1 [0..9] ok; B: write 2 [0..9] ok; C: read [1..2] 1; C: read [3..4] 2; C: read [5..6] 1
  unexplained | a value before it was written | A: read [0..1] 1; A: write 1 [2..3] ok
  unexplained | two swaps that both win | A: write 1 [0..1] ok; B: swap 1 2 [2..5] ok; C: swap 1 3 [2..5] ok
  unexplained | a swap refused although it fits | A: write 1 [0..1] ok; A: swap 1 2 [2..3] refused
  unexplained | a swap that wins although it does not fit | A: write 1 [0..1] ok; A: swap 2 3 [2..3] ok
  unexplained | a refused swap that took effect | A: write 1 [0..1] ok; A: swap 2 3 [2..3] refused; A: read [4..5] 3
  unexplained | an open write that wins, loses and wins | A: write 1 [0..] ?; B: write 2 [0..1] ok; C: read [2..3] 1; C: read [4..5] 2; C: read [6..7] 1
`);

export const transfers = table(`
  good | an audit of nothing | A: audit [0..1] ()
  good | a deposit and its audit | A: deposit x 5 [0..1] ok; A: audit [2..3] (x=5)
  good | a transfer and its audit | A: deposit x 5 [0..1] ok; A: transfer x y 3 [2..3] ok; A: audit [4..5] (x=2 y=3)
  good | a transfer that is refused | A: deposit x 5 [0..1] ok; A: transfer x y 6 [2..3] refused; A: audit [4..5] (x=5)
  good | balances before and after a transfer | A: deposit x 5 [0..1] ok; B: balance y [2..3] 0; A: transfer x y 5 [4..5] ok; B: balance y [6..7] 5; B: balance x [8..9] 0
  good | money in flight is in neither account | A: deposit x 5 [0..1] ok; A: transfer x y 5 [2..9] ok; B: balance x [3..4] 0; B: balance y [5..6] 0; B: audit [10..11] (y=5)
  good | a transfer without an answer that was done | A: deposit x 5 [0..1] ok; A: transfer x y 5 [2..3] ?; B: audit [9..10] (y=5)
  good | a transfer without an answer that was not done | A: deposit x 5 [0..1] ok; A: transfer x y 5 [2..3] ?; B: audit [9..10] (x=5)
  good | a transfer without an answer, seen on its way | A: deposit x 5 [0..1] ok; A: transfer x y 5 [2..3] ?; B: balance x [4..5] 0; B: balance y [6..7] 0; B: audit [9..10] (y=5)
  good | a transfer on its way for ever, and no audit | A: deposit x 5 [0..1] ok; A: transfer x y 5 [2..3] ?; B: balance x [4..5] 0; B: balance y [6..7] 0
  good | money goes round in a circle | A: deposit x 5 [0..1] ok; A: transfer x y 5 [2..3] ok; B: transfer y z 5 [4..5] ok; C: transfer z x 5 [6..7] ok; A: audit [8..9] (x=5)
  good | a transfer covered by another one under way | A: deposit x 5 [0..1] ok; A: transfer x y 5 [2..9] ok; B: transfer y z 5 [3..8] ok; A: audit [10..11] (z=5)
  good | two transfers at once of which one is covered | A: deposit x 5 [0..1] ok; A: transfer x y 5 [2..5] ok; B: transfer x z 5 [2..5] refused; A: audit [6..7] (y=5)
  good | a deposit without an answer that was done | A: deposit x 5 [0..] ?; B: transfer x y 5 [2..3] ok; A: audit [4..5] (y=5)
  good | a deposit without an answer that was not done | A: deposit x 5 [0..] ?; B: transfer x y 5 [2..3] refused; A: audit [4..5] ()
  good | a transfer to oneself | A: deposit x 5 [0..1] ok; A: transfer x x 5 [2..3] ok; A: audit [4..5] (x=5)
  good | an audit whose answer nobody saw | A: deposit x 5 [0..1] ok; A: audit [2..] ?; A: balance x [3..4] 5
  not conserved | money is gone | A: deposit x 5 [0..1] ok; A: transfer x y 3 [2..3] ok; A: audit [4..5] (x=2)
  not conserved | money from nowhere | A: deposit x 5 [0..1] ok; A: transfer x y 3 [2..3] ok; A: audit [4..5] (x=5 y=3)
  not conserved | a credit that counts twice | A: deposit x 5 [0..1] ok; A: transfer x y 3 [2..9] ok; A: audit [10..11] (x=2 y=6)
  not conserved | an open transfer that debits and never credits | A: deposit x 5 [0..1] ok; A: transfer x y 3 [2..3] ?; A: audit [9..10] (x=2)
  not conserved | an open deposit that counts twice | A: deposit x 5 [0..] ?; A: audit [9..10] (x=10)
  not conserved | an acknowledged deposit is lost | A: deposit x 5 [0..1] ok; A: deposit y 2 [2..3] ok; A: audit [9..10] (x=5)
  unexplained | an acknowledged transfer is lost | A: deposit x 5 [0..1] ok; A: transfer x y 3 [2..3] ok; A: audit [4..5] (x=5)
  unexplained | a transfer arrives in the wrong account | A: deposit x 5 [0..1] ok; A: transfer x y 3 [2..3] ok; A: audit [4..5] (x=2 z=3)
  unexplained | a transfer that was not covered | A: deposit x 5 [0..1] ok; A: transfer x y 6 [2..3] ok
  unexplained | a refusal although the money was there | A: deposit x 5 [0..1] ok; A: transfer x y 5 [2..3] refused
  unexplained | two transfers of the same money | A: deposit x 5 [0..1] ok; A: transfer x y 5 [2..5] ok; B: transfer x z 5 [2..5] ok
  unexplained | a credit before its debit | A: deposit x 5 [0..1] ok; A: transfer x y 5 [2..9] ok; B: balance y [3..4] 5; B: balance x [5..6] 5
  unexplained | a credit without its debit | A: deposit x 5 [0..1] ok; A: deposit z 5 [0..1] ok; A: transfer x y 5 [2..3] ?; A: audit [9..10] (x=5 y=5)
  unexplained | a transfer answered before its credit | A: deposit x 5 [0..1] ok; A: transfer x y 5 [2..3] ok; B: balance y [4..5] 0
  unexplained | a debit is taken back | A: deposit x 5 [0..1] ok; A: transfer x y 5 [2..3] ?; B: balance x [4..5] 0; B: balance x [6..7] 5
  unexplained | an open transfer half done at the audit, hidden by another | A: deposit x 5 [0..1] ok; A: deposit w 3 [0..1] ?; A: transfer x y 3 [2..3] ?; A: audit [9..10] (x=2 w=3)
`);
