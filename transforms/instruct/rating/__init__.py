"""What a model says of rows: ratings by turn and axis, and how far a question needs its picture."""
