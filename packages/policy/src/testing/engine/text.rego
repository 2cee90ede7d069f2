package acme.text

shout(word) := upper(word)
