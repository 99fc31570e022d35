export { GreenletLocal } from "./local/greenletlocal.ts"
export { copyLocal, local } from "./local/local.ts"
export { allLocalDictsForGreenlet } from "./local/localdicts.ts"
