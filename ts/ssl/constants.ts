/** `SSLContext`: the newest version that both sides have, for either side. */
export const PROTOCOL_TLS = 2
/** Another name of PROTOCOL_TLS. */
export const PROTOCOL_SSLv23 = 2
/** `SSLContext`: for clients, with verification on. */
export const PROTOCOL_TLS_CLIENT = 16
/** `SSLContext`: for servers. */
export const PROTOCOL_TLS_SERVER = 17

/** `verifyMode`: the peer's certificate is not looked at, and a server asks for none. */
export const CERT_NONE = 0
/** `verifyMode`: a server asks for a certificate, and checks the one that it gets. For a client the same as CERT_REQUIRED. */
export const CERT_OPTIONAL = 1
/** `verifyMode`: the peer has to show a certificate, and it has to be good. */
export const CERT_REQUIRED = 2

/** `options`: what OpenSSL recommends. */
export const OP_ALL = 0x80000850 | 0
/** `options`: no session tickets. */
export const OP_NO_TICKET = 0x4000
/** `options`: no compression; no host has any. */
export const OP_NO_COMPRESSION = 0x20000
/** `options`: no renegotiation. */
export const OP_NO_RENEGOTIATION = 0x40000000
/** `options`: the order of the server's ciphers counts, not the client's. */
export const OP_CIPHER_SERVER_PREFERENCE = 0x400000
/** `options`: a new key for each handshake; always so. */
export const OP_SINGLE_DH_USE = 0
/** `options`: a new key for each handshake; always so. */
export const OP_SINGLE_ECDH_USE = 0

/** The kinds of channel binding that `getChannelBinding` may know. */
export const CHANNEL_BINDING_TYPES = ["tls-unique", "tls-exporter"] as const

/** Whether protocols can be agreed upon in the handshake. */
export const HAS_ALPN = true
/** Whether a client can ask for a name. */
export const HAS_SNI = true
/** Whether there is TLS 1.3. */
export const HAS_TLSv1_3 = true

/** The versions that `minimumVersion` and `maximumVersion` take. gevent: `ssl.TLSVersion`. */
export const TLSVersion = {
  /** The oldest one that the host allows. */
  MINIMUM_SUPPORTED: -2,
  /** The newest one that the host has. */
  MAXIMUM_SUPPORTED: -1,
  TLSv1: 0x301,
  TLSv1_1: 0x302,
  TLSv1_2: 0x303,
  TLSv1_3: 0x304,
} as const

/** What a context of `createDefaultContext` is for. gevent: `ssl.Purpose`. */
export const Purpose = {
  /** Authenticates servers: for clients. */
  SERVER_AUTH: "SERVER_AUTH",
  /** Authenticates clients: for servers. */
  CLIENT_AUTH: "CLIENT_AUTH",
} as const
