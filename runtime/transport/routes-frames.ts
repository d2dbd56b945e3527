/**
 * Routes frames: what a host knows of owners, in as few frames as they fit into. Pure.
 */

import type { Routes } from '../ports/transport';
import type { RoutesFrame } from '../wire/frame';
import { sizeOf } from '../wire/size';

type Entry = RoutesFrame['owners'][number];

interface Part {
  readonly owners: Entry[];
  readonly hosts: string[];
  bytes: number;
}

/** Of one owner: its shard, its host's index and its epoch. */
const OWNER_BYTES = sizeOf([0, 0, 0]);

/** All but the last say that more is to come. `room`: what one frame may hold. */
export function routesFrames(routes: Omit<Routes, 'answered'>, room: number): RoutesFrame[] {
  const { session, shards } = routes;
  let part: Part = { owners: [], hosts: [], bytes: 0 };
  const parts = [part];
  for (let shard = 0; shard < shards; shard += 1) {
    const owner = routes.owner(shard);
    if (owner === null) continue;
    if (part.bytes + OWNER_BYTES + sizeOf(owner.session) > room)
      parts.push((part = { owners: [], hosts: [], bytes: 0 }));
    let host = part.hosts.indexOf(owner.session);
    if (host === -1) {
      host = part.hosts.push(owner.session) - 1;
      part.bytes += sizeOf(owner.session);
    }
    part.owners.push([shard, host, owner.epoch]);
    part.bytes += OWNER_BYTES;
  }
  return parts.map(({ owners, hosts }, i) => {
    const frame = { kind: 'routes', session, shards, owners, hosts } as const;
    return i === parts.length - 1 ? frame : { ...frame, more: true };
  });
}
