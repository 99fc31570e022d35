import { SocketError } from "./exceptions.ts"
import { E } from "./host/errno.ts"

/** The registered services that systems know: port, name, protocols, other names. */
const SERVICES = `
7 echo tcp/udp
9 discard tcp/udp sink null
11 systat tcp users
13 daytime tcp/udp
15 netstat tcp
17 qotd tcp quote
19 chargen tcp/udp ttytst source
20 ftp-data tcp
21 ftp tcp
22 ssh tcp
23 telnet tcp
25 smtp tcp mail
37 time tcp/udp timserver
43 whois tcp nicname
49 tacacs tcp/udp
53 domain tcp/udp
67 bootps udp
68 bootpc udp
69 tftp udp
70 gopher tcp
79 finger tcp
80 http tcp www
88 kerberos tcp/udp kerberos5 krb5 kerberos-sec
102 iso-tsap tcp tsap
104 acr-nema tcp dicom
110 pop3 tcp pop-3
111 sunrpc tcp/udp portmapper
113 auth tcp authentication tap ident
119 nntp tcp readnews untp
123 ntp udp
135 epmap tcp loc-srv
137 netbios-ns udp
138 netbios-dgm udp
139 netbios-ssn tcp
143 imap2 tcp imap
161 snmp tcp/udp
162 snmp-trap tcp/udp snmptrap
179 bgp tcp
369 rpc2portmap tcp/udp
389 ldap tcp/udp
427 svrloc tcp/udp
443 https tcp/udp
445 microsoft-ds tcp
464 kpasswd tcp/udp
465 submissions tcp ssmtp smtps urd
512 exec tcp
513 login tcp
513 who udp whod
514 shell tcp cmd syslog
514 syslog udp
515 printer tcp spooler
517 talk udp
518 ntalk udp
520 route udp router routed
546 dhcpv6-client udp
547 dhcpv6-server udp
554 rtsp tcp/udp
563 nntps tcp snntp
587 submission tcp
631 ipp tcp
636 ldaps tcp/udp
646 ldp tcp/udp
853 domain-s tcp/udp
873 rsync tcp
989 ftps-data tcp
990 ftps tcp
992 telnets tcp
993 imaps tcp
995 pop3s tcp
1080 socks tcp
1194 openvpn tcp/udp
1433 ms-sql-s tcp
1434 ms-sql-m udp
1701 l2f udp l2tp
1812 radius tcp/udp
1813 radius-acct tcp/udp radacct
2049 nfs tcp/udp
3260 iscsi-target tcp
3306 mysql tcp
3389 ms-wbt-server tcp
3493 nut tcp/udp
3690 svn tcp subversion
5060 sip tcp/udp
5061 sip-tls tcp/udp
5222 xmpp-client tcp jabber-client
5269 xmpp-server tcp jabber-server
5353 mdns udp
5432 postgresql tcp postgres
5671 amqps tcp
5672 amqp tcp
6000 x11 tcp x11-0
6379 redis tcp
8080 http-alt tcp webcache
8140 puppet tcp
9418 git tcp
10050 zabbix-agent tcp
10051 zabbix-trapper tcp
10809 nbd tcp
`

const PROTOCOLS: Readonly<Record<string, number>> = {
  ip: 0,
  icmp: 1,
  igmp: 2,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  "ipv6-icmp": 58,
  sctp: 132,
}

interface Tables {
  /** `"http/tcp"` and `"http"` to the port; the first protocol of a name wins. */
  readonly ports: ReadonlyMap<string, number>
  /** `"80/tcp"` and `"80"` to the name. */
  readonly names: ReadonlyMap<string, string>
}

let tables: Tables | undefined

/**
 * The port of a service. The table is built in and the same on all hosts.
 *
 * gevent: `socket.getservbyname(servicename[, protocolname])`.
 *
 * @param protocol - `"tcp"` or `"udp"`; without it either will do.
 * @throws {SocketError} ENOENT when there is no such service, {TypeError} for another type.
 * @example
 * ```ts
 * import { getservbyname } from "gevent-wasm/socket"
 * getservbyname("https") // 443
 * ```
 */
export function getservbyname(service: string, protocol: string | null = null): number {
  if (typeof service !== "string") throw new TypeError(`a service must be a string, not ${String(service)}`)
  const port = loaded().ports.get(keyOf(service, protocol))
  if (port === undefined) throw new SocketError(E.NOENT, "getservbyname", "service/proto not found")
  return port
}

/**
 * The name of the service that a port belongs to.
 *
 * gevent: `socket.getservbyport(port[, protocolname])`.
 *
 * @param protocol - `"tcp"` or `"udp"`; without it either will do.
 * @throws {SocketError} ENOENT when there is none, {TypeError} for another type, {RangeError} for no port.
 * @example
 * ```ts
 * import { getservbyport } from "gevent-wasm/socket"
 * getservbyport(53, "udp") // "domain"
 * ```
 */
export function getservbyport(port: number, protocol: string | null = null): string {
  if (typeof port !== "number") throw new TypeError(`a port must be a number, not ${String(port)}`)
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new RangeError(`a port must be 0-65535, not ${port}`)
  const name = loaded().names.get(keyOf(String(port), protocol))
  if (name === undefined) throw new SocketError(E.NOENT, "getservbyport", "port/proto not found")
  return name
}

/**
 * The number of a protocol. gevent: `socket.getprotobyname(protocolname)`.
 *
 * @throws {SocketError} ENOENT when there is no such protocol, {TypeError} for another type.
 * @example
 * ```ts
 * import { getprotobyname } from "gevent-wasm/socket"
 * getprotobyname("udp") // 17
 * ```
 */
export function getprotobyname(protocol: string): number {
  if (typeof protocol !== "string") throw new TypeError(`a protocol must be a string, not ${String(protocol)}`)
  if (!Object.hasOwn(PROTOCOLS, protocol)) throw new SocketError(E.NOENT, "getprotobyname", "protocol not found")
  return PROTOCOLS[protocol]!
}

function keyOf(what: string, protocol: string | null): string {
  return protocol === null ? what : `${what}/${protocol}`
}

function loaded(): Tables {
  return (tables ??= parse(SERVICES))
}

function parse(text: string): Tables {
  const ports = new Map<string, number>()
  const names = new Map<string, string>()
  const define = <T>(table: Map<string, T>, key: string, protocols: readonly string[], value: T): void => {
    for (const known of [key, ...protocols.map((protocol) => `${key}/${protocol}`)]) {
      if (!table.has(known)) table.set(known, value)
    }
  }
  for (const line of text.trim().split("\n")) {
    const [port = "", name = "", protocols = "", ...aliases] = line.split(" ")
    define(names, port, protocols.split("/"), name)
    for (const known of [name, ...aliases]) define(ports, known, protocols.split("/"), Number(port))
  }
  return { ports, names }
}
