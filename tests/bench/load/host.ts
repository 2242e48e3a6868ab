/** Where everything happens. */
export const HOST = "127.0.0.1";
