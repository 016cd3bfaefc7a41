/** How many people are in the open room, in its bar: as the server last counted them, and on from there. */

/**
 * @param {Object} parts
 * @param {HTMLElement} parts.box the timeline, which says up to which seq the page is true
 * @param {import("../models/socket.js").Socket} parts.socket
 */
export function countMembers({ box, socket }) {
  const places = document.querySelectorAll(".main [data-member-count]");
  if (places.length === 0) return; // of two people there is nothing to count
  const { room } = box.dataset;
  let upto = Number(box.dataset.headSeq);
  let count = Number(places[0].textContent);
  const show = () => {
    for (const place of places) place.textContent = String(count);
  };
  const step = (by) => (frame) => {
    if (frame.room !== room || frame.seq <= upto) return;
    upto = frame.seq;
    count += by;
    show();
  };
  socket.on("member.joined", step(1));
  socket.on("member.left", step(-1));
  socket.on("ready", ({ rooms }) => {
    const here = rooms.find((each) => each.id === room);
    if (!here || here.head_seq < upto) return;
    upto = here.head_seq;
    count = here.member_count;
    show();
  });
}
