/**
 * Reached: which ways requests to a cluster went, told to whoever counts them.
 */

/**
 * `asked`: the hosts were asked for owners; `unanswered`: nobody answered; `unheard`: a frame found nobody listening;
 * `silence`: a host said nothing in time; `sent-on`: a declined request went to a newer owner at once; `declined`: it went
 * back to whoever sends again later; `working`: a host said that it is still at work; `unwanted`: it heard that nobody
 * waits any more; `frame-again`: a frame came twice.
 */
export type Branch =
  'asked' | 'unanswered' | 'unheard' | 'silence' | 'sent-on' | 'declined' | 'working' | 'unwanted' | 'frame-again';

export type Reached = (branch: Branch) => void;
