/** What tells of unread messages outside the page: the count in the title, the mark on the icon. */

/**
 * @param {Object} parts
 * @param {import("../models/unread.js").Unread} parts.unread
 * @param {HTMLLinkElement|null} parts.icon names the marked icon in `data-unread-href`
 */
export function showBadge({ unread, icon }) {
  const title = document.title;
  const plain = icon?.href;
  const update = () => {
    const { total } = unread;
    const text = total > 0 ? `(${total}) ${title}` : title;
    const href = total > 0 ? icon?.dataset.unreadHref : plain;
    if (document.title !== text) document.title = text;
    if (icon && href && icon.href !== href) icon.href = href;
  };
  unread.on("counts", update);
  update();
}
