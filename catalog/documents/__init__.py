"""Files of people – reports, papers of a case – kept beside recordings and proven as they are."""
