"""The demo community: who is in it (`cast`), what they say (`talk`, `standup`), and writing it (`fill`)."""
