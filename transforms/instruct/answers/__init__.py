"""What an answer is: its form, its value, and the choices that its question offers."""
