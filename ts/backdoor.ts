export { BackdoorServer, type BackdoorOptions } from "./backdoor/backdoorserver.ts"
