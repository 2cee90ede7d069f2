module pratique.dev/sniff

go 1.26
