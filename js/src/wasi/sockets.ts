/** `wasi:sockets` without a network: nothing can be made that could reach one. */

type ErrorCode = "access-denied" | "permanent-resolver-failure";

class SocketError extends Error {
  constructor(readonly payload: ErrorCode) {
    super(payload);
  }
}

/** The network, which nothing takes. */
export class Network {}

/** Types that generated code names. No guest ever gets one. */
export class TcpSocket {}
export class UdpSocket {}
export class IncomingDatagramStream {}
export class OutgoingDatagramStream {}
export class ResolveAddressStream {}

export function instanceNetwork(): Network {
  return new Network();
}

export function createTcpSocket(): TcpSocket {
  throw new SocketError("access-denied");
}

export function createUdpSocket(): UdpSocket {
  throw new SocketError("access-denied");
}

export function resolveAddresses(): ResolveAddressStream {
  throw new SocketError("permanent-resolver-failure");
}
