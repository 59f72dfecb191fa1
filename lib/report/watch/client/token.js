/** Without it the server answers nothing. It stands in the address of the page. */
export const token = new URLSearchParams(location.search).get("token") ?? "";
