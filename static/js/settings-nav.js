/** The row of the settings' pages, on a phone: the open one is in sight. */

document.querySelector(".settings-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
