/** Counters and accounts by hand, in the notation of `notation.fixture`. */

import { table } from './notation.fixture';

export const counters = table(`
  good | a read of a new counter | A: read [0..1] 0
  good | an addition, then a read | A: add 1 [0..1] ok; A: read [2..3] 1
  good | an addition that answers the new value | A: add 2 [0..1] 2; A: add 3 [2..3] 5
  good | two additions at once answered in either order | A: add 2 [0..3] 5; B: add 3 [1..2] 3
  good | a read during an addition, before it | A: add 1 [0..3] ok; B: read [1..2] 0
  good | a read during an addition, after it | A: add 1 [0..3] ok; B: read [1..2] 1
  good | a read between two additions under way | A: add 1 [0..9] ok; B: add 5 [0..9] ok; C: read [1..2] 5; C: read [3..4] 6
  good | an addition without an answer that counts | A: add 1 [0..2] ?; B: read [5..6] 1
  good | an addition without an answer that does not count | A: add 1 [0..2] ?; B: read [5..6] 0
  good | an addition that counts long after its client gave up | A: add 1 [0..2] ?; B: read [5..6] 0; B: read [7..8] 1
  good | three additions without answers of which two count | A: add 1 [0..2] ?; B: add 1 [0..2] ?; C: add 1 [0..2] ?; D: read [3..4] 1; D: read [5..6] 2
  good | a sum that only one choice of open additions explains | A: add 1 [0..] ?; B: add 2 [0..] ?; C: add 4 [0..] ?; D: read [3..4] 5
  good | a subtraction | A: add 5 [0..1] ok; A: add -2 [2..3] ok; A: read [4..5] 3
  good | an addition of nothing | A: add 0 [0..1] ok; A: read [2..3] 0
  good | open additions that cancel each other | A: add 3 [0..] ?; B: add -3 [0..] ?; C: read [1..2] 3; C: read [3..4] 0
  good | reads at once that disagree about one under way | A: add 1 [0..9] ok; B: read [1..8] 0; C: read [2..3] 1
  good | counters of two keys | A@x: add 1 [0..1] ok; A@y: read [2..3] 0; A@x: read [4..5] 1
  good | a read whose answer nobody saw | A: add 1 [0..1] ok; A: read [2..] ?; B: read [3..4] 1
  unexplained | a new counter that is not 0 | A: read [0..1] 1
  unexplained | an acknowledged addition is lost | A: add 1 [0..1] ok; B: read [2..3] 0
  unexplained | an addition counts twice | A: add 1 [0..1] ok; B: read [2..3] 2
  unexplained | an open addition counts twice | A: add 1 [0..] ?; B: read [2..3] 2
  unexplained | one client reads backwards | A: add 1 [0..9] ok; B: read [1..2] 1; B: read [3..4] 0
  unexplained | an addition counts before it began | A: read [0..1] 1; A: add 1 [2..3] ok
  unexplained | two additions answer the same value | A: add 1 [0..3] 1; B: add 1 [1..4] 1
  unexplained | an addition answers the value before it | A: add 1 [0..1] 0
  unexplained | a sum that no choice of open additions explains | A: add 2 [0..] ?; B: add 4 [0..] ?; C: read [3..4] 5
  unexplained | an open addition counts and is taken back | A: add 1 [0..] ?; B: read [2..3] 1; B: read [4..5] 0
  unexplained | one of two acknowledged additions is lost | A: add 1 [0..3] ok; B: add 1 [1..4] ok; C: read [5..6] 1
  unexplained | an addition is lost at a takeover | A: add 1 [0..1] 1; A: add 1 [2..3] 2; B: add 1 [6..7] 2
  unexplained | an addition is lost on one of two keys | A@x: add 1 [0..1] ok; A@y: add 1 [0..1] ok; B@x: read [2..3] 1; B@y: read [2..3] 0
  unexplained | a read that nobody could give between two | A: add 5 [0..9] ok; B: read [1..2] 3
  unexplained | a read answered by a word | A: read [0..1] ok
  unexplained | an addition that is refused, which no counter does | A: add 1 [0..1] refused
`);

export const accounts = table(`
  good | a new account is empty | A: balance [0..1] 0
  good | a deposit, then its balance | A: deposit 5 [0..1] ok; A: balance [2..3] 5
  good | a withdrawal that is covered | A: deposit 5 [0..1] ok; A: withdraw 3 [2..3] ok; A: balance [4..5] 2
  good | a withdrawal of everything | A: deposit 5 [0..1] ok; A: withdraw 5 [2..3] ok; A: balance [4..5] 0
  good | a withdrawal that is refused | A: deposit 5 [0..1] ok; A: withdraw 6 [2..3] refused; A: balance [4..5] 5
  good | a withdrawal from an empty account is refused | A: withdraw 1 [0..1] refused
  good | a withdrawal refused beside the deposit that covers it | A: deposit 5 [0..9] ok; B: withdraw 5 [1..2] refused
  good | a withdrawal covered by a deposit under way | A: deposit 5 [0..9] ok; B: withdraw 5 [1..2] ok
  good | two withdrawals at once of which one is covered | A: deposit 5 [0..1] ok; B: withdraw 4 [2..5] ok; C: withdraw 4 [2..5] refused; A: balance [6..7] 1
  good | a refusal that needs a withdrawal under way to come first | A: deposit 5 [0..1] ok; B: withdraw 4 [2..9] ok; C: withdraw 2 [3..4] refused
  good | a refusal explained by an open withdrawal | A: deposit 5 [0..1] ok; B: withdraw 4 [2..3] ?; C: withdraw 2 [5..6] refused; A: balance [7..8] 1
  good | an open withdrawal that never took effect | A: deposit 5 [0..1] ok; B: withdraw 4 [2..3] ?; A: balance [7..8] 5
  good | an open withdrawal that was never covered | A: withdraw 4 [0..1] ?; A: deposit 3 [2..3] ok; A: balance [4..5] 3
  good | an open withdrawal that is covered only later | A: withdraw 4 [0..1] ?; A: deposit 6 [2..3] ok; A: balance [4..5] 6; A: balance [6..7] 2
  good | a withdrawal covered by an open deposit | A: deposit 5 [0..] ?; B: withdraw 5 [3..4] ok; B: balance [5..6] 0
  good | refused again and again until covered | A: withdraw 2 [0..1] refused; B: deposit 1 [2..3] ok; A: withdraw 2 [4..5] refused; B: deposit 1 [6..7] ok; A: withdraw 2 [8..9] ok
  good | a balance whose answer nobody saw | A: deposit 1 [0..1] ok; A: balance [2..] ?
  unexplained | a withdrawal that was not covered | A: withdraw 1 [0..1] ok
  unexplained | a refusal although the money was there | A: deposit 5 [0..1] ok; A: withdraw 5 [2..3] refused
  unexplained | two withdrawals of the same money | A: deposit 5 [0..1] ok; B: withdraw 5 [2..5] ok; C: withdraw 5 [2..5] ok
  unexplained | a refused withdrawal that took the money all the same | A: deposit 5 [0..1] ok; A: withdraw 6 [2..3] refused; A: balance [4..5] -1
  unexplained | an acknowledged deposit is lost | A: deposit 5 [0..1] ok; A: balance [2..3] 0
  unexplained | an acknowledged withdrawal is lost | A: deposit 5 [0..1] ok; A: withdraw 2 [2..3] ok; A: balance [4..5] 5
  unexplained | a resent deposit counts twice | A: deposit 5 [0..9] ok; A: balance [10..11] 10
  unexplained | a resent withdrawal counts twice | A: deposit 9 [0..1] ok; A: withdraw 2 [2..9] ok; A: balance [10..11] 5
  unexplained | a balance goes back to an earlier one | A: deposit 5 [0..9] ok; B: balance [1..2] 5; B: balance [3..4] 0
  unexplained | a balance below nothing | A: withdraw 1 [0..] ?; B: balance [2..3] -1
  unexplained | a withdrawal covered by a deposit that began later | A: withdraw 5 [0..1] ok; A: deposit 5 [2..3] ok
  unexplained | a refusal explained only by a withdrawal that began later | A: deposit 5 [0..1] ok; B: withdraw 2 [2..3] refused; C: withdraw 4 [4..5] ok
  unexplained | a balance that half a deposit explains | A: deposit 4 [0..9] ok; B: balance [1..2] 2
  unexplained | a deposit that is refused, which no account does | A: deposit 5 [0..1] refused
  unexplained | a refusal although an open withdrawal leaves enough | A: deposit 5 [0..1] ok; B: withdraw 1 [2..3] ?; C: withdraw 4 [5..6] refused
`);
