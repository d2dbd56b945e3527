/**
 * Running writer: how the watchdog's thread writes into the embedded store's file of running steps (S20).
 *
 * Owns: the connection. Does not own: the file (`running-file`), when it is written (`system/watchdog-thread`).
 */

import type { ConnectRunning } from '../../ports/watchdog';
import { appendRunning } from './running-file';

export const connect: ConnectRunning = (directory) => (place, order, running) =>
  appendRunning(String(directory), { epoch: place.epoch, order, running });
