/**
 * Reached: which ways a host of a cluster went, told to whoever counts them.
 */

/**
 * `takeover`: a shard of a dead session is claimed; `claim`: one that nobody owned; `epoch`: a shard is served;
 * `given-back`: a lease was; `stuck`: a shard did not come to rest; `unopened`: one could not be opened;
 * `marked`: a session was set dead; `swept`: its heartbeat row was deleted; `session`: one began; `drained`: one ended
 * with nothing left; `aside`: a host cut off from its clients gives its shards away; `offered`: a shard is offered to an
 * older build.
 */
export type Branch =
  | 'takeover'
  | 'claim'
  | 'epoch'
  | 'given-back'
  | 'stuck'
  | 'unopened'
  | 'marked'
  | 'swept'
  | 'session'
  | 'drained'
  | 'aside'
  | 'offered';

export type Reached = (branch: Branch) => void;
