/**
 * Address: which entity type of which namespace a request is for; all that a transport reads of it.
 */

import type { Request } from './envelope';

/** Namespace and type that `request` is routed by. */
export function addressOf(request: Request): { readonly namespace: string; readonly type: string } {
  switch (request.op) {
    case 'list':
      return request.query;
    case 'count':
      return request.filter;
    default:
      return request.key;
  }
}
