export function browse() {}
