export function recover() {}
