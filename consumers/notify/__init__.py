"""Flash alerts to where people look when no page is open: webhooks and e-mail, which say that there is one, no more."""
