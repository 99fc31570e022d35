export {
  SSLCertVerificationError,
  SSLCertVerificationError as CertificateError,
  SSLEOFError,
  SSLError,
  SSLWantReadError,
  SSLWantWriteError,
  SSLZeroReturnError,
} from "./exceptions.ts"
export { certTimeToSeconds, type CertificateInfo, type DistinguishedName } from "./ssl/certificate.ts"
export * from "./ssl/constants.ts"
export { createDefaultContext, SSLContext, type SniCallback, type VerifyLocations } from "./ssl/context.ts"
export { DERCertToPEMCert, PEMCertToDERCert } from "./ssl/pem.ts"
export { getServerCertificate, type ServerCertificateOptions } from "./ssl/servercertificate.ts"
export { SSLSocket } from "./ssl/sslsocket.ts"
export type { WrapOptions } from "./ssl/wrap.ts"
export { wrapSocket, type ContextOptions } from "./ssl/wrapsocket.ts"
