/** Lists by hand, good and bad: what is wrong, what it shows, the history in the notation of `notation.fixture`. */

import { table } from './notation.fixture';

export const goodLists = table(`
  good | one append that nobody reads | A: append 1 [0..1] ok
  good | one read of a new list | A: read [0..1] ()
  good | one read whose answer nobody saw | A: read [0..] ?
  good | one append whose answer nobody saw | A: append 1 [0..] ?
  good | one append that was refused | A: append 1 [0..1] refused
  good | an append, then a read of it | A: append 1 [0..1] ok; A: read [2..3] (1)
  good | a read of nothing, then an append | A: read [0..1] (); A: append 1 [2..3] ok
  good | a read during an append that shows it | A: append 1 [0..3] ok; B: read [1..2] (1)
  good | a read during an append that does not show it | A: append 1 [0..3] ok; B: read [1..2] ()
  good | an append during a read that shows it | A: read [0..3] (1); B: append 1 [1..2] ok
  good | an append during a read that does not show it | A: read [0..3] (); B: append 1 [1..2] ok
  good | a read that begins at the instant the append ends | A: append 1 [0..2] ok; B: read [2..3] ()
  good | a read that ends at the instant the append begins | A: append 1 [2..3] ok; B: read [0..2] (1)
  good | operations that begin and end at one instant | A: append 1 [0..0] ok; B: read [0..0] (); C: read [0..0] (1)
  good | two appends in turn | A: append 1 [0..1] ok; A: append 2 [2..3] ok; A: read [4..5] (1 2)
  good | two appends at once, the first one first | A: append 1 [0..3] ok; B: append 2 [1..4] ok; A: read [5..6] (1 2)
  good | two appends at once, the second one first | A: append 1 [0..3] ok; B: append 2 [1..4] ok; A: read [5..6] (2 1)
  good | an append inside another, before it | A: append 1 [0..9] ok; B: append 2 [2..3] ok; B: read [10..11] (2 1)
  good | an append inside another, after it | A: append 1 [0..9] ok; B: append 2 [2..3] ok; B: read [10..11] (1 2)
  good | appends that share an instant, the later first | A: append 1 [0..2] ok; B: append 2 [2..4] ok; A: read [5..6] (2 1)
  good | three appends at once in any order | A: append 1 [0..5] ok; B: append 2 [0..5] ok; C: append 3 [0..5] ok; A: read [6..7] (3 1 2)
  good | reads that grow during a row of appends | A: append 1 [0..1] ok; B: read [2..3] (1); A: append 2 [4..5] ok; B: read [6..7] (1 2)
  good | two reads at once, one ahead of the other | A: append 1 [0..9] ok; B: read [1..4] (1); C: read [2..5] ()
  good | a long read that shows the state before all | A: read [0..9] (); B: append 1 [1..2] ok; B: append 2 [3..4] ok
  good | a long read that shows the state in the middle | A: read [0..9] (1); B: append 1 [1..2] ok; B: append 2 [3..4] ok
  good | a long read that shows the state after all | A: read [0..9] (1 2); B: append 1 [1..2] ok; B: append 2 [3..4] ok
  good | an append without an answer that took effect | A: append 1 [0..] ?; B: read [5..6] (1)
  good | an append without an answer that did not take effect | A: append 1 [0..] ?; B: read [5..6] ()
  good | an append that takes effect long after its client gave up | A: append 1 [0..2] ?; B: read [5..6] (); B: read [7..8] (1)
  good | an append that gave up and is never seen | A: append 1 [0..2] ?; B: read [5..6] (); B: read [7..8] ()
  good | an append without an answer behind a later one | A: append 1 [0..2] ?; B: append 2 [3..4] ok; B: read [5..6] (2); B: read [7..8] (2 1)
  good | an append without an answer before a later one | A: append 1 [0..2] ?; B: append 2 [3..4] ok; B: read [5..6] (1 2)
  good | two appends without answers, the second took effect | A: append 1 [0..2] ?; A: append 2 [3..4] ?; B: read [5..6] (2)
  good | two appends without answers in the other order | A: append 1 [0..2] ?; A: append 2 [3..4] ?; B: read [5..6] (2 1)
  good | two appends without answers, neither took effect | A: append 1 [0..] ?; A: append 2 [3..] ?; B: read [5..6] ()
  good | an append without an answer during a read that shows it | A: read [0..3] (1); B: append 1 [2..] ?
  good | an append without an answer, read by some of many | A: append 1 [0..] ?; B: read [1..8] (); C: read [2..3] (1); D: read [4..5] (1)
  good | a refused append between two that were not | A: append 1 [0..1] ok; A: append 2 [2..3] refused; A: append 3 [4..5] ok; A: read [6..7] (1 3)
  good | a refused append during a read | A: append 1 [0..3] refused; B: read [1..2] ()
  good | a read without an answer between others | A: append 1 [0..1] ok; B: read [2..3] ?; A: read [4..5] (1)
  good | an unread append at the end | A: append 1 [0..1] ok; A: read [2..3] (1); A: append 2 [4..5] ok
  good | two unread appends at the end | A: read [0..1] (); A: append 1 [2..3] ok; B: append 2 [4..5] ok
  good | an unread append that overlaps the last read | A: append 1 [0..1] ok; B: append 2 [2..8] ok; A: read [3..7] (1)
  good | an unread append that ends as the last read begins | A: append 1 [0..3] ok; B: read [3..4] ()
  good | a chain of overlapping appends read backwards in pairs | A: append 1 [0..3] ok; B: append 2 [2..5] ok; C: append 3 [4..7] ok; A: read [8..9] (2 1 3)
  good | a chain of overlapping appends with the middle last | A: append 1 [0..3] ok; B: append 2 [2..6] ok; C: append 3 [5..7] ok; A: read [8..9] (1 3 2)
  good | five appends in turn and a read of each length | A: append 1 [0..1] ok; B: read [2..3] (1); A: append 2 [4..5] ok; B: read [6..7] (1 2); A: append 3 [8..9] ok; B: read [10..11] (1 2 3); A: append 4 [12..13] ok; B: read [14..15] (1 2 3 4); A: append 5 [16..17] ok; B: read [18..19] (1 2 3 4 5)
  good | reads that repeat one state | A: append 1 [0..1] ok; B: read [2..3] (1); C: read [2..3] (1); D: read [4..5] (1); B: read [6..7] (1)
  good | two keys that know nothing of each other | A@x: append 1 [0..1] ok; A@y: append 1 [2..3] ok; B@x: read [4..5] (1); B@y: read [6..7] (1)
  good | a stale look across two keys, which is allowed | A@x: append 1 [0..1] ok; B@y: read [2..3] (); B@x: read [4..5] (1); C@y: append 2 [4..6] ok
  good | negative values | A: append -1 [0..1] ok; A: append -2 [2..3] ok; B: read [4..5] (-1 -2)
  good | one client with two operations under way | A: append 1 [0..5] ok; A: append 2 [1..4] ok; A: read [2..3] (2)
  good | a slow read that overlaps the whole of a history | A: append 1 [1..2] ok; A: append 2 [3..4] ok; B: read [0..20] (1); A: append 3 [5..6] ok; A: read [7..8] (1 2 3)
  good | appends that wait for each other while reads pass | A: append 1 [0..10] ok; B: append 2 [0..10] ok; C: read [1..2] (); C: read [3..4] (2); C: read [5..6] (2 1)
  good | a takeover during which nobody is answered | A: append 1 [0..1] ok; A: append 2 [2..6] ?; B: append 3 [3..6] ?; C: append 4 [4..6] ?; D: read [7..8] (1 3); D: append 5 [9..10] ok; D: read [11..12] (1 3 5)
  good | a takeover after which a lost write arrives late | A: append 1 [0..1] ok; A: append 2 [2..4] ?; B: read [5..6] (1); B: append 3 [7..8] ok; B: read [9..10] (1 3); B: read [11..12] (1 3 2)
  good | an append answered after a resend across a takeover | A: append 1 [0..20] ok; B: append 2 [5..6] ok; B: read [7..8] (2); B: read [9..10] (2 1); A: read [21..22] (2 1)
`);

export const badLists = table(`
  phantom | a value from nowhere | A: read [0..1] (7)
  phantom | a value from nowhere behind a real one | A: append 1 [0..1] ok; A: read [2..3] (1 7)
  phantom | a value from nowhere before a real one | A: append 1 [0..1] ok; A: read [2..3] (7 1)
  phantom | a value of another key | A@x: append 1 [0..1] ok; A@y: read [2..3] (1)
  phantom | a value from nowhere while an append is under way | A: append 1 [0..9] ok; B: read [2..3] (7)
  phantom | a value from nowhere among open appends | A: append 1 [0..] ?; A: append 2 [0..] ?; B: read [2..3] (1 3)
  refused | a refused value | A: append 1 [0..1] refused; A: read [2..3] (1)
  refused | a refused value while it is being refused | A: append 1 [0..9] refused; B: read [2..3] (1)
  refused | a refused value behind others | A: append 1 [0..1] ok; A: append 2 [2..3] refused; B: read [4..5] (1 2)
  refused | a resend refused although the first attempt was applied | A: append 1 [0..9] refused; B: read [12..13] (1); B: read [14..15] (1)
  duplicate | a value twice in a row | A: append 1 [0..1] ok; A: read [2..3] (1 1)
  duplicate | a value twice with another between | A: append 1 [0..1] ok; A: append 2 [2..3] ok; A: read [4..5] (1 2 1)
  duplicate | a resend applied twice after a timeout | A: append 1 [0..5] ?; B: read [6..7] (1 1)
  duplicate | a resend applied twice, seen once before | A: append 1 [0..9] ok; B: read [2..3] (1); B: read [4..5] (1 1)
  duplicate | a value three times | A: append 1 [0..1] ok; A: read [2..3] (1 1 1)
  duplicate | a value again behind a later one after a takeover | A: append 1 [0..9] ok; B: append 2 [3..4] ok; B: read [10..11] (1 2 1)
  diverged | two reads that begin differently | A: append 1 [0..9] ok; B: append 2 [0..9] ok; C: read [1..2] (1); D: read [3..4] (2)
  diverged | two reads that end differently | A: append 1 [0..9] ok; B: append 2 [0..9] ok; C: read [10..11] (1 2); D: read [10..11] (2 1)
  diverged | two reads that agree on the first of three values | A: append 1 [0..1] ok; A: append 2 [2..9] ok; B: append 3 [2..9] ok; C: read [3..4] (1 2); C: read [5..6] (1 3)
  diverged | a value vanishes from the front | A: append 1 [0..1] ok; A: append 2 [2..3] ok; B: read [4..5] (1 2); B: read [6..7] (2)
  diverged | a value vanishes from the middle | A: append 1 [0..1] ok; A: append 2 [2..3] ok; A: append 3 [4..5] ok; B: read [6..7] (1 2 3); B: read [8..9] (1 3)
  diverged | an append moves to the front later | A: append 1 [0..9] ok; B: append 2 [0..9] ok; C: read [2..3] (1); C: read [10..11] (2 1)
  diverged | an open append slips in between | A: append 1 [0..] ?; B: append 2 [2..3] ok; B: read [4..5] (2); B: read [6..7] (1 2)
  diverged | two owners, each with a history of its own | A: append 1 [0..1] ok; B: append 2 [2..9] ok; C: append 3 [2..9] ok; B: read [10..11] (1 2); C: read [10..11] (1 3)
  diverged | open appends in two orders | A: append 1 [0..] ?; A: append 2 [0..] ?; B: read [1..2] (1 2); C: read [1..2] (2 1)
  lost | an acknowledged append is not read | A: append 1 [0..1] ok; B: read [2..3] ()
  lost | an acknowledged append is not read, another is | A: append 1 [0..1] ok; A: append 2 [2..3] ok; B: read [4..5] (2)
  lost | the last of three appends is gone | A: append 1 [0..1] ok; A: append 2 [2..3] ok; A: append 3 [4..5] ok; B: read [6..7] (1 2)
  lost | the middle of three appends is gone | A: append 1 [0..1] ok; A: append 2 [2..3] ok; A: append 3 [4..5] ok; B: read [6..7] (1 3)
  lost | an append is gone, although its read overlaps others | A: append 1 [0..1] ok; B: append 2 [2..9] ok; C: read [3..8] (2)
  lost | an append is gone before one that came after it | A: append 1 [0..1] ok; B: append 2 [2..3] ok; C: read [0..9] (2)
  lost | an append acknowledged before the write, then a takeover | A: append 1 [0..1] ok; A: append 2 [2..3] ok; B: append 3 [6..7] ok; B: read [8..9] (1 3)
  lost | an append that one client sees missing | A: append 1 [0..1] ok; B: append 2 [0..9] ok; C: read [2..3] (2); C: read [10..11] (2)
  lost | a lost append among open ones | A: append 1 [0..] ?; B: append 2 [1..2] ok; C: read [3..4] (1)
  lost | an append lost on one of two keys | A@x: append 1 [0..1] ok; A@y: append 1 [0..1] ok; B@x: read [2..3] (1); B@y: read [2..3] ()
  lost | the list is empty after amnesia | A: append 1 [0..1] ok; A: append 2 [2..3] ok; A: append 3 [4..5] ok; B: read [6..7] ()
  stale | a read misses what an earlier one showed | A: append 1 [0..9] ok; B: read [1..2] (1); C: read [3..4] ()
  stale | one client reads backwards | A: append 1 [0..1] ok; B: read [2..3] (1); B: read [4..5] ()
  stale | a read misses an acknowledged append, a later one shows it | A: append 1 [0..1] ok; B: read [2..3] (); B: read [4..5] (1)
  stale | a read misses an open append that was seen | A: append 1 [0..] ?; B: read [2..3] (1); C: read [4..5] ()
  stale | a read misses the last of two values | A: append 1 [0..1] ok; A: append 2 [2..3] ok; B: read [4..5] (1 2); C: read [6..7] (1)
  stale | a former owner answers a read | A: append 1 [0..1] ok; B: append 2 [2..3] ok; C: read [4..5] (1); D: read [4..5] (1 2)
  stale | a read misses both of two values | A: append 1 [0..1] ok; A: append 2 [2..3] ok; C: read [4..5] (); D: read [6..7] (1 2)
  stale | a read between two that show more | A: append 1 [0..1] ok; B: read [2..3] (1); C: read [4..5] (); D: read [6..7] (1)
  stale | a read shows less although the append before it is open | A: append 1 [0..] ?; B: append 2 [1..2] ok; C: read [3..4] (1); D: read [5..6] (1 2)
  stale | a long read ends before and a short one begins after | A: append 1 [0..20] ok; B: read [1..5] (1); C: read [6..15] ()
  stale | a read that begins one instant too late | A: append 1 [0..2] ok; B: read [3..4] (); C: read [5..6] (1)
  stale | an old snapshot answers after a restart | A: append 1 [0..1] ok; A: append 2 [2..3] ok; A: append 3 [4..5] ok; B: read [6..7] (1 2 3); B: read [8..9] (1); B: read [10..11] (1 2 3)
  early | a value before it was appended | A: read [0..1] (1); A: append 1 [2..3] ok
  early | a value before an open append of it began | A: read [0..1] (1); A: append 1 [2..] ?
  early | two values before the second was appended | A: append 1 [0..1] ok; B: read [2..3] (1 2); A: append 2 [4..5] ok
  early | a value one instant too early | A: read [0..2] (1); B: append 1 [3..4] ok
  early | a value that follows one not yet appended | A: append 2 [0..9] ok; B: read [1..2] (1 2); C: append 1 [3..4] ok
  early | a value known before its author began, and read again | A: read [0..1] (1); A: append 1 [2..3] ok; A: read [4..5] (1)
  reordered | two appends in turn stand the other way round | A: append 1 [0..1] ok; B: append 2 [2..3] ok; C: read [4..5] (2 1)
  reordered | appends of one client stand the other way round | A: append 1 [0..1] ok; A: append 2 [2..3] ok; A: read [4..5] (2 1)
  reordered | the first of three appends stands last | A: append 1 [0..1] ok; A: append 2 [2..3] ok; A: append 3 [4..5] ok; B: read [6..7] (2 3 1)
  reordered | the last of three appends stands first | A: append 1 [0..1] ok; B: append 2 [2..9] ok; C: append 3 [4..5] ok; D: read [10..11] (3 1 2)
  reordered | an append after a takeover stands before an acknowledged one | A: append 1 [0..1] ok; A: append 2 [2..3] ?; B: append 3 [5..6] ok; B: read [7..8] (2 3 1)
  reordered | an open append stands before one that ended before it | A: append 1 [0..1] ok; B: append 2 [2..] ?; C: read [3..9] (2 1)
  reordered | a chain of three in which only the ends are in turn | A: append 1 [0..3] ok; B: append 2 [2..6] ok; C: append 3 [5..7] ok; A: read [8..9] (3 2 1)
  reordered | an append one instant too late stands first | A: append 1 [0..2] ok; B: append 2 [3..4] ok; C: read [0..9] (2 1)
  reordered | two pairs of appends change places | A: append 1 [0..3] ok; B: append 2 [0..3] ok; A: append 3 [5..8] ok; B: append 4 [5..8] ok; C: read [9..10] (4 3 2 1)
`);
