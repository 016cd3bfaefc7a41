/** Pages of the server as documents, out of which a part is shown in place of an older one. */

/**
 * Fetch a page. The server draws everything once, so that the client need not draw it again. What it has
 * to say of the last form stays for the page that is looked at.
 * @param {string} url
 * @returns {Promise<Document|null>} null when it can't be had now
 */
export async function freshPage(url) {
  try {
    const response = await fetch(url, { headers: { "X-Part": "1" } });
    if (response.ok) return new DOMParser().parseFromString(await response.text(), "text/html");
    console.warn(`${url} answered ${response.status}.`);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // what fetch throws when the network fails
    console.warn(error);
  }
  return null;
}
