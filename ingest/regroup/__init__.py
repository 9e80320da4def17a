"""What changes the stories besides what is crawled: a person's word, and a new look at all."""
