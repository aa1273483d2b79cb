// SPDX-License-Identifier: MIT
// Codes that come over the wire, by the names that they have on the server (protocol/codes.h,
// docs/protocol.md), and what to tell people of an error that carries one.

// Errors in replies to commands. From 404 on they are those of the chat's methods.
export const errors = {
  internal: 100,
  unknownChannel: 102,
  permissionDenied: 103,
  methodNotFound: 104,
  limitExceeded: 106,
  badRequest: 107,
  notAvailable: 108,
  tooManyRequests: 111,
  unrecoverablePosition: 112,
  notFound: 404,
  conflict: 409,
} as const;

// Why a subscription ended for good.
export const unsubscribes = {
  byOurselves: 0, // the SDK's word for it
  server: 2000, // the user may not follow the channel any more
} as const;

// Why a connection ended for good. Others than this one are the server's, with a reason for people.
export const disconnects = {
  byOurselves: 0, // the SDK's word for it
} as const;

// Errors of the SDK itself: no server has answered.
export const sdkErrors = {
  timeout: 1,
  transportClosed: 2,
  connectionClosed: 11,
} as const;

// Answers of the HTTP interface, /auth. `unreachable` is ours: there was no answer.
export const httpStatus = {
  unreachable: 0,
  badRequest: 400,
  unauthorized: 401,
  forbidden: 403,
  tooManyRequests: 429,
} as const;

// The code of an error that the SDK or a call threw; undefined of any other.
export function codeOf(error: unknown): number | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

// What to tell people of an error that the SDK, a call or a form threw.
export function messageOf(error: unknown): string {
  const { message } = (error ?? {}) as { message?: string };
  switch (codeOf(error)) {
    case sdkErrors.timeout:
    case sdkErrors.transportClosed:
    case sdkErrors.connectionClosed:
      return 'The connection was lost. Try again.';
    case errors.internal:
      return 'The server is away for a moment. Try again.';
  }
  if (!message) return 'That did not work.';
  return message[0]!.toUpperCase() + message.slice(1);
}
