export { AsyncResult, type ResultSource } from "./event/asyncresult.ts"
export { Event } from "./event/event.ts"
