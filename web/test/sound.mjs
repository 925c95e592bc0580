// A sound server that plays into nothing, in real time: what browsers take for a device where the machine has none.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** How long it may live when nobody is connected, in seconds: it is not to stay where a test is killed. */
const IDLE = 60;

/** Starts it, with a place of its own beside whatever the machine has; its address, and how to end it. */
export async function soundServer(program) {
  const folder = await mkdtemp(path.join(tmpdir(), "sound-"));
  const socket = path.join(folder, "socket");
  const server = spawn(
    program,
    [
      ...["-n", "--daemonize=no", "--use-pid-file=no", `--exit-idle-time=${IDLE}`, "--load=module-null-sink rate=48000"],
      `--load=module-native-protocol-unix socket=${socket} auth-anonymous=1`,
    ],
    { env: { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder }, stdio: "ignore" },
  );
  const ended = once(server, "exit").catch(() => {});
  const close = async () => {
    server.kill();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  while (!existsSync(socket)) {
    if (server.exitCode !== null || server.pid === undefined) {
      await close();
      throw new Error(`${program} did not start (exit code ${server.exitCode})`);
    }
    await pause(20);
  }
  return { address: `unix:${socket}`, close };
}
