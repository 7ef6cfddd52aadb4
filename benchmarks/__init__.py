"""Side by side with what people use today. Nothing in hbac_assets imports it."""
